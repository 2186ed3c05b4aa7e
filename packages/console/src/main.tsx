import { render } from 'preact'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/views.css'
import { restoreSession } from './api/session.ts'
import { App } from './shell/app.tsx'
import { takeKey } from './shell/given-key.ts'
import { followAddress } from './shell/router.ts'
import { guardLeaving } from './upload/uploader.ts'

if (!takeKey()) restoreSession()
followAddress()
guardLeaving()
render(<App />, document.getElementById('app')!)
