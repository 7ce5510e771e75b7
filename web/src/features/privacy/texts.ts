// English texts of these pages, which are not part of the first load.
import { addEnglish } from '@/i18n';
import texts from '@/i18n/later/privacy.json';

addEnglish(texts);
