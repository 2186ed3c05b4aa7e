/** A text as it is compared when case does not matter; engines fold other letters than A to Z differently. */
export const foldCase = (text: string): string => text.normalize('NFC').toLowerCase()
