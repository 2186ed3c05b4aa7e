/** Why a file cannot be used, for the people who sent it. */
export const PROBLEMS = {
  unknown: 'The content is not recognised as video, audio, an image or a document.',
  damaged: 'The file is damaged or incomplete and cannot be read.',
  cutOff: 'The file is incomplete: it ends before its content does.',
  protected: 'The content is encrypted (DRM) and cannot be read.',
  empty: 'The file contains neither video nor audio.',
  codec: 'The content is coded in a way that is not known here.',
  undecodable: 'The content cannot be decoded: it is damaged or coded in a way that is not known.',
  slow: 'The file took too long to read.',
  costly: 'The file needs more memory to read than is allowed.',
  tooManyPixels: 'The image has too many pixels.',
  unsupported: (mimeType: string) => `The content is ${mimeType}, which cannot be read here.`,
  misnamed: (ending: string, mimeType: string | undefined) =>
    `The file is named .${ending}, but its content is ${mimeType ?? 'something else'}.`,
  notText: (ending: string) => `The file is named .${ending}, but its content is not UTF-8 text.`,
} as const
