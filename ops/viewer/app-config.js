// OHIF's viewer on Medical Portal: in place of app-config.js in the viewer's folder (npm pack @ohif/app, folder dist).
// `make test-peers` opens studies with this file.
window.config = {
  routerBasename: null,
  extensions: [],
  modes: [],
  customizationService: {},
  showStudyList: true,
  showCPUFallbackMessage: false,
  // OHIF asks everybody to note that it is for investigation only; 'never' where your house has settled that otherwise.
  investigationalUseDialog: { option: 'always' },
  defaultDataSourceName: 'portal',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'portal',
      configuration: {
        friendlyName: 'Medical Portal',
        name: 'portal',
        // The viewer's own origin, whose proxy hands them on (nginx.conf): the portal answers no pages of other sites.
        qidoRoot: '/dicomweb',
        wadoRoot: '/dicomweb',
        qidoSupportsIncludeField: true,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        imageRendering: 'wadors',
        thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true,
        dicomUploadEnabled: false,
        bulkDataURI: { enabled: true },
      },
    },
  ],
};
