/** The English texts of these pages, which come with them. */
import { addEnglish } from '@/i18n';
import texts from '@/i18n/later/models.json';

addEnglish(texts);
