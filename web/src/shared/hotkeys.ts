/** A command that a key may call. Keys are data, so that a user can change them. */
export interface Command<Id extends string = string> {
  id: Id;
  /** The key as in `KeyboardEvent.key`, letters in lower case. */
  key: string;
}

/** Keys with the user's own choices put in their place. */
export function withChoices<Id extends string>(
  commands: readonly Command<Id>[],
  chosen: Partial<Record<string, string>> | undefined,
): Command<Id>[] {
  return commands.map((command) => ({ ...command, key: chosen?.[command.id] ?? command.key }));
}

/** Two commands on one key: the pairs that collide. */
export function collisions(commands: readonly Command[]): [string, string][] {
  const first = new Map<string, string>();
  const found: [string, string][] = [];
  for (const { id, key } of commands) {
    const other = first.get(key);
    if (other) found.push([other, id]);
    else first.set(key, id);
  }
  return found;
}

/** The name of the key of an event, as commands write it. */
export function keyOf(event: Pick<KeyboardEvent, 'key'>): string {
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** Whether a key typed here belongs to what has the focus: text being written, a list being opened, a dialog. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[role="dialog"]')) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !['checkbox', 'button', 'submit', 'reset', 'file', 'image'].includes(target.type);
}

/** Whether the key presses the control that has the focus: Enter and Space on buttons and links. */
function pressesControl(event: KeyboardEvent): boolean {
  const target = event.target;
  return (
    (event.key === 'Enter' || event.key === ' ') &&
    target instanceof HTMLElement &&
    target.closest('button, a[href], summary, [role="radio"], input') !== null
  );
}

/** The command that an event calls, if it calls one. */
export function commandOf<Id extends string>(event: KeyboardEvent, commands: readonly Command<Id>[]): Id | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  if (isTyping(event.target) || pressesControl(event)) return undefined;
  const key = keyOf(event);
  return commands.find((command) => command.key === key)?.id;
}

/** How a key is shown. */
export function keyLabel(key: string): string {
  if (key === 'Enter') return '↵';
  if (key === ' ') return 'Space';
  return key.length === 1 ? key.toUpperCase() : key;
}
