import { language } from '.'
import { images as en } from './en/images'
import { images as zh } from './zh/images'

/** The texts about images. They load with the forms and pages that have some: the first page has
 *  none. */
export const imageStrings = () => (language === 'en' ? en : zh)
