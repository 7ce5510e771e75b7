import type { Command } from '@/shared/hotkeys';
import { type ViewerCommand, viewerCommands } from '../viewer/commands';

export type RoomCommand = 'next' | 'previous' | 'open' | 'sign' | 'help';
export type ReadingCommand = RoomCommand | ViewerCommand;

export const roomCommands: readonly Command<RoomCommand>[] = [
  { id: 'next', key: 'j' },
  { id: 'previous', key: 'k' },
  { id: 'open', key: 'Enter' },
  { id: 'sign', key: 's' },
  { id: 'help', key: '?' },
];

/** Every command of the reading room with its usual key. */
export const readingCommands: readonly Command<ReadingCommand>[] = [...roomCommands, ...viewerCommands];

/** The name of a command, as a key of the texts. */
export function commandLabel(id: ReadingCommand): `room.${RoomCommand}` | `viewer.${ViewerCommand}` {
  return roomCommands.some((command) => command.id === id)
    ? `room.${id as RoomCommand}`
    : `viewer.${id as ViewerCommand}`;
}
