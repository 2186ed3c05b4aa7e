import { sdkSentences } from '../installation/sdk.ts'
import { embedded } from '../support/installation.ts'

sdkSentences(embedded)
