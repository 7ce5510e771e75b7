/** The English texts of settings, which come with their page. */
import { addEnglish } from '@/i18n';
import texts from '@/i18n/later/settings.json';

addEnglish(texts);
