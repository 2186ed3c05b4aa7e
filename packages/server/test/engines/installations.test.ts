import { conformanceSentences } from '../installation/conformance.ts'
import { crashSentences } from '../installation/crash.ts'
import { raceSentences } from '../installation/race.ts'
import { sdkSentences } from '../installation/sdk.ts'
import { installations } from '../support/installations.ts'

for (const installation of installations) {
  sdkSentences(installation)
  conformanceSentences(installation)
  crashSentences(installation, { quick: true })
  raceSentences(installation)
}
