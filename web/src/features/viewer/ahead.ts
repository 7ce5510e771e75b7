/** Fetches the viewer's engine, which is large. Whoever may open a film soon asks for it ahead. */
export const loadStage = () => import('./Stage');

/** Fetches the engine and draws with it where nobody sees it, so that the first film finds everything warm. */
export async function warmUp(): Promise<void> {
  const stage = await loadStage();
  await stage.warmUp();
}
