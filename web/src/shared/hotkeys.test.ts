import { describe, expect, it } from 'vitest';
import { readingCommands } from '@/features/doctor/commands';
import { collisions, commandOf, keyLabel, withChoices } from './hotkeys';

function press(key: string, target: HTMLElement = document.body, extra: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...extra });
  document.body.append(target === document.body ? document.createElement('i') : target);
  target.dispatchEvent(event);
  return event;
}

describe('hotkeys', () => {
  it('gives every command of the reading room a key of its own', () => {
    expect(collisions(readingCommands)).toEqual([]);
  });

  it('has the keys that the reading room promises', () => {
    const keys = Object.fromEntries(readingCommands.map(({ id, key }) => [id, key]));
    expect(keys).toMatchObject({
      next: 'j',
      previous: 'k',
      open: 'Enter',
      window: 'w',
      pan: 'p',
      zoom: 'z',
      length: 'm',
      invert: 'i',
      rotate: 'r',
      heatmap: 'h',
      compare: 'c',
      lung: '1',
      default: '4',
      sign: 's',
      help: '?',
    });
  });

  it('finds the command whatever the case of the letter', () => {
    expect(commandOf(press('j'), readingCommands)).toBe('next');
    expect(commandOf(press('J', document.body, { shiftKey: true }), readingCommands)).toBe('next');
    expect(commandOf(press('?', document.body, { shiftKey: true }), readingCommands)).toBe('help');
    expect(commandOf(press('x'), readingCommands)).toBeUndefined();
  });

  it('rests while text is written, in dialogs and with Ctrl', () => {
    const field = document.createElement('textarea');
    expect(commandOf(press('j', field), readingCommands)).toBeUndefined();
    const dialog = document.createElement('div');
    dialog.setAttribute('role', 'dialog');
    const inside = dialog.appendChild(document.createElement('button'));
    document.body.append(dialog);
    const event = new KeyboardEvent('keydown', { key: 's', bubbles: true });
    inside.dispatchEvent(event);
    expect(commandOf(event, readingCommands)).toBeUndefined();
    expect(commandOf(press('p', document.body, { ctrlKey: true }), readingCommands)).toBeUndefined();
  });

  it('leaves Enter to the button that has the focus, other keys not', () => {
    const button = document.createElement('button');
    expect(commandOf(press('Enter', button), readingCommands)).toBeUndefined();
    expect(commandOf(press('j', button), readingCommands)).toBe('next');
  });

  it('takes the user’s own keys and names those that collide', () => {
    const own = withChoices(readingCommands, { next: 'n' });
    expect(commandOf(press('n'), own)).toBe('next');
    expect(commandOf(press('j'), own)).toBeUndefined();
    expect(collisions(withChoices(readingCommands, { next: 'k' }))).toEqual([['next', 'previous']]);
    expect(keyLabel('Enter')).toBe('↵');
    expect(keyLabel('j')).toBe('J');
  });
});
