import { crashSentences } from '../installation/crash.ts'
import { embedded } from '../support/installation.ts'

crashSentences(embedded)
