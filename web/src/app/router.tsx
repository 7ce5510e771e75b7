import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { asProblem } from '@/api/problem';
import type { Role } from '@/api/types';
import { caseQuery } from '@/features/doctor/usePriors';
import { Fault, NotFound, Waiting } from './pages';
import { queryClient } from './providers';
import { Shell } from './Shell';
import { homeOf, meQuery, rememberSignedIn, wasSignedIn } from './session';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Fault });

/** Who is signed in, or nobody; other failures are thrown. */
async function signedIn() {
  if (!wasSignedIn()) return null;
  try {
    return await queryClient.ensureQueryData(meQuery);
  } catch (error) {
    if (asProblem(error).status !== 401) throw error;
    rememberSignedIn(false);
    return null;
  }
}

const visitors = createRoute({
  getParentRoute: () => root,
  id: 'visitors',
  component: lazyRouteComponent(() => import('@/features/auth/VisitorLayout'), 'VisitorLayout'),
  beforeLoad: async () => {
    const me = await signedIn();
    if (me) throw redirect({ to: homeOf(me.user.role) });
  },
});

const signIn = createRoute({
  getParentRoute: () => visitors,
  path: '/signin',
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === 'string' && search.next.startsWith('/') && !search.next.startsWith('//')
      ? { next: search.next }
      : {},
  component: lazyRouteComponent(() => import('@/features/auth/SignInPage'), 'SignInPage'),
});
const signUp = createRoute({
  getParentRoute: () => visitors,
  path: '/signup',
  component: lazyRouteComponent(() => import('@/features/auth/SignUpPage'), 'SignUpPage'),
});

const forgot = createRoute({
  getParentRoute: () => visitors,
  path: '/forgot',
  component: lazyRouteComponent(() => import('@/features/auth/ForgotPage'), 'ForgotPage'),
});

/** Pages that links in mail lead to, whether or not somebody is signed in. */
const open = createRoute({
  getParentRoute: () => root,
  id: 'open',
  component: lazyRouteComponent(() => import('@/features/auth/VisitorLayout'), 'VisitorLayout'),
});
const reset = createRoute({
  getParentRoute: () => open,
  path: '/reset',
  component: lazyRouteComponent(() => import('@/features/auth/ResetPage'), 'ResetPage'),
});
const sso = createRoute({
  getParentRoute: () => open,
  path: '/sso',
  component: lazyRouteComponent(() => import('@/features/auth/SsoPage'), 'SsoPage'),
});
const verify = createRoute({
  getParentRoute: () => open,
  path: '/verify',
  component: lazyRouteComponent(() => import('@/features/auth/VerifyPage'), 'VerifyPage'),
});

const invitation = createRoute({
  getParentRoute: () => visitors,
  path: '/invitation',
  component: lazyRouteComponent(() => import('@/features/auth/InvitationPage'), 'InvitationPage'),
});

const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  component: Shell,
  pendingComponent: Waiting,
  beforeLoad: async ({ location }) => {
    const me = await signedIn();
    if (!me) throw redirect({ to: '/signin', search: location.pathname === '/' ? {} : { next: location.href } });
    return { me };
  },
});

/** Lets only these roles in; for others there is no such page. */
function only(...roles: Role[]) {
  return ({ context }: { context: { me: { user: { role: Role } } } }) => {
    if (!roles.includes(context.me.user.role)) throw redirect({ to: homeOf(context.me.user.role) });
  };
}

const home = createRoute({
  getParentRoute: () => members,
  path: '/',
  beforeLoad: ({ context }) => {
    throw redirect({ to: homeOf(context.me.user.role) });
  },
});

// Patients
const results = createRoute({
  getParentRoute: () => members,
  path: '/results',
  beforeLoad: only('patient'),
  component: lazyRouteComponent(() => import('@/features/patient/ResultsPage'), 'ResultsPage'),
});
const ownHistory = createRoute({
  getParentRoute: () => members,
  path: '/history',
  beforeLoad: only('patient'),
  component: lazyRouteComponent(() => import('@/features/patient/HistoryPage'), 'HistoryPage'),
});
const accesses = createRoute({
  getParentRoute: () => members,
  path: '/accesses',
  beforeLoad: only('patient'),
  component: lazyRouteComponent(() => import('@/features/patient/AccessesPage'), 'AccessesPage'),
});
const myData = createRoute({
  getParentRoute: () => members,
  path: '/my-data',
  beforeLoad: only('patient'),
  component: lazyRouteComponent(() => import('@/features/privacy/MyDataPage'), 'MyDataPage'),
});
const faq = createRoute({
  getParentRoute: () => members,
  path: '/faq',
  component: lazyRouteComponent(() => import('@/features/patient/FaqPage'), 'FaqPage'),
});

/** A report as each role sees it; doctors read it in the reading room. */
const report = createRoute({
  getParentRoute: () => members,
  path: '/reports/$reportId',
  beforeLoad: ({ context, params }) => {
    if (context.me.user.role === 'doctor') throw redirect({ to: '/queue/{-$reportId}', params });
    only('patient', 'radiologist')({ context });
  },
  component: lazyRouteComponent(() => import('./ReportPage'), 'ReportPage'),
});

// Radiologists
const upload = createRoute({
  getParentRoute: () => members,
  path: '/upload',
  beforeLoad: only('radiologist'),
  component: lazyRouteComponent(() => import('@/features/radiologist/UploadPage'), 'UploadPage'),
});
const uploads = createRoute({
  getParentRoute: () => members,
  path: '/uploads',
  beforeLoad: only('radiologist'),
  component: lazyRouteComponent(() => import('@/features/radiologist/UploadsPage'), 'UploadsPage'),
});
const patients = createRoute({
  getParentRoute: () => members,
  path: '/patients',
  beforeLoad: only('radiologist', 'doctor'),
  component: lazyRouteComponent(() => import('@/features/patients/PatientsPage'), 'PatientsPage'),
});
const patient = createRoute({
  getParentRoute: () => members,
  path: '/patients/$patientId',
  beforeLoad: only('radiologist', 'doctor'),
  component: lazyRouteComponent(() => import('@/features/patients/PatientPage'), 'PatientPage'),
});

// Doctors
const queue = createRoute({
  getParentRoute: () => members,
  path: '/queue/{-$reportId}',
  beforeLoad: only('doctor'),
  // The case is asked for while the page is built; never for a link that is only pointed at, since reading is recorded.
  loader: ({ params, preload }) => {
    if (params.reportId && !preload) void queryClient.prefetchQuery(caseQuery(params.reportId));
  },
  component: lazyRouteComponent(() => import('@/features/doctor/ReadingRoom'), 'ReadingRoom'),
});
const reviews = createRoute({
  getParentRoute: () => members,
  path: '/reviews',
  beforeLoad: only('doctor'),
  component: lazyRouteComponent(() => import('@/features/doctor/ReviewsPage'), 'ReviewsPage'),
});

// Tech
const system = createRoute({
  getParentRoute: () => members,
  path: '/system',
  beforeLoad: only('tech'),
  component: lazyRouteComponent(() => import('@/features/tech/SystemPage'), 'SystemPage'),
});
const users = createRoute({
  getParentRoute: () => members,
  path: '/users',
  beforeLoad: only('tech'),
  validateSearch: (search: Record<string, unknown>): { search?: string } =>
    typeof search.search === 'string' ? { search: search.search } : {},
  component: lazyRouteComponent(() => import('@/features/tech/UsersPage'), 'UsersPage'),
});
const models = createRoute({
  getParentRoute: () => members,
  path: '/models',
  beforeLoad: only('tech', 'doctor', 'radiologist'),
  component: lazyRouteComponent(() => import('@/features/models/ModelsPage'), 'ModelsPage'),
});
const jobs = createRoute({
  getParentRoute: () => members,
  path: '/jobs',
  beforeLoad: only('tech'),
  component: lazyRouteComponent(() => import('@/features/tech/JobsPage'), 'JobsPage'),
});
const settings = createRoute({
  getParentRoute: () => members,
  path: '/settings',
  beforeLoad: only('tech'),
  component: lazyRouteComponent(() => import('@/features/tech/SettingsPage'), 'SettingsPage'),
});
const audit = createRoute({
  getParentRoute: () => members,
  path: '/audit',
  beforeLoad: only('tech'),
  component: lazyRouteComponent(() => import('@/features/tech/AuditPage'), 'AuditPage'),
});

// Staff that opens records in emergencies, or reviews that
const emergencies = createRoute({
  getParentRoute: () => members,
  path: '/emergencies',
  beforeLoad: only('tech', 'radiologist', 'doctor'),
  component: lazyRouteComponent(() => import('@/features/emergency/EmergenciesPage'), 'EmergenciesPage'),
});
const emergency = createRoute({
  getParentRoute: () => members,
  path: '/emergencies/$accessId',
  beforeLoad: only('tech', 'radiologist'),
  component: lazyRouteComponent(() => import('@/features/emergency/RecordPage'), 'RecordPage'),
});

// Staff that looks after the rights of patients
const privacy = createRoute({
  getParentRoute: () => members,
  path: '/privacy',
  beforeLoad: only('tech', 'radiologist', 'doctor'),
  component: lazyRouteComponent(() => import('@/features/privacy/PrivacyPage'), 'PrivacyPage'),
});

// Everybody
const profile = createRoute({
  getParentRoute: () => members,
  path: '/profile',
  component: lazyRouteComponent(() => import('@/features/profile/ProfilePage'), 'ProfilePage'),
});
const notifications = createRoute({
  getParentRoute: () => members,
  path: '/notifications',
  component: lazyRouteComponent(() => import('@/features/notifications/NotificationsPage'), 'NotificationsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    visitors.addChildren([signIn, signUp, invitation, forgot]),
    open.addChildren([reset, sso, verify]),
    members.addChildren([
      home,
      results,
      ownHistory,
      accesses,
      myData,
      faq,
      report,
      upload,
      uploads,
      patients,
      patient,
      queue,
      reviews,
      system,
      users,
      models,
      jobs,
      settings,
      audit,
      emergencies,
      emergency,
      privacy,
      profile,
      notifications,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Fault,
  defaultNotFoundComponent: NotFound,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
