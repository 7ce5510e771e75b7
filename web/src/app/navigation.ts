import {
  IconActivityHeartbeat,
  IconBook2,
  IconBrain,
  IconClipboardHeart,
  IconEye,
  IconFileDescription,
  IconHelpCircle,
  IconHistory,
  IconListCheck,
  IconListDetails,
  IconSettings,
  IconStack2,
  IconUrgent,
  IconUpload,
  IconUserSearch,
  IconUsers,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Role } from '@/api/types';
import type { TextKey } from '@/i18n';

export interface NavigationItem {
  to: string;
  label: TextKey;
  icon: ComponentType<{ size?: number; stroke?: number; 'aria-hidden'?: boolean }>;
}

/** What each role finds in the navigation, its main work first. */
export const navigation: Record<Role, NavigationItem[]> = {
  patient: [
    { to: '/results', label: 'nav.results', icon: IconFileDescription },
    { to: '/history', label: 'nav.history', icon: IconClipboardHeart },
    { to: '/accesses', label: 'nav.accesses', icon: IconEye },
    { to: '/faq', label: 'nav.faq', icon: IconHelpCircle },
  ],
  radiologist: [
    { to: '/upload', label: 'nav.upload', icon: IconUpload },
    { to: '/uploads', label: 'nav.uploads', icon: IconStack2 },
    { to: '/patients', label: 'nav.patients', icon: IconUserSearch },
    { to: '/emergencies', label: 'nav.emergencies', icon: IconUrgent },
    { to: '/privacy', label: 'nav.privacy', icon: IconEye },
  ],
  doctor: [
    { to: '/queue', label: 'nav.queue', icon: IconListCheck },
    { to: '/reviews', label: 'nav.reviews', icon: IconHistory },
    { to: '/patients', label: 'nav.patients', icon: IconUserSearch },
    { to: '/models', label: 'nav.models', icon: IconBrain },
    { to: '/privacy', label: 'nav.privacy', icon: IconEye },
  ],
  tech: [
    { to: '/system', label: 'nav.system', icon: IconActivityHeartbeat },
    { to: '/users', label: 'nav.users', icon: IconUsers },
    { to: '/models', label: 'nav.models', icon: IconBrain },
    { to: '/jobs', label: 'nav.jobs', icon: IconListDetails },
    { to: '/settings', label: 'nav.settings', icon: IconSettings },
    { to: '/audit', label: 'nav.audit', icon: IconBook2 },
    { to: '/emergencies', label: 'nav.emergencies', icon: IconUrgent },
    { to: '/privacy', label: 'nav.privacy', icon: IconEye },
  ],
};
