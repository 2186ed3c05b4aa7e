// Installs what tests need beyond npm packages, where it may: as root on Debian. Elsewhere it
// says in one line what is missing, and the tests that need it skip themselves by name.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const ENGINES = [
  { command: 'ffmpeg', package: 'ffmpeg', for: 'tests on real media' },
  { command: 'chromium', package: 'chromium', for: 'tests in a browser' },
  { command: 'curl', package: 'curl', for: 'tests of the commands that the console shows' },
  // Debian keeps its programs off PATH, a folder for each version.
  {
    command: '/usr/lib/postgresql/*/bin/initdb',
    package: 'postgresql',
    for: 'tests on PostgreSQL',
  },
  { command: '/usr/sbin/pgbouncer', package: 'pgbouncer', for: 'tests with a pooler' },
  // A real S3 store: monitor, storage, gateway, and what sets them up.
  { command: 'ceph-mon', package: 'ceph-mon', for: 'tests on S3' },
  { command: 'ceph-osd', package: 'ceph-osd', for: 'tests on S3' },
  { command: 'radosgw', package: 'radosgw', for: 'tests on S3' },
  { command: 'ceph', package: 'ceph-common', for: 'tests on S3' },
  { command: 'aws', package: 'awscli', for: 'tests of deploy/store-setup.sh' },
  { command: 'faketime', package: 'faketime', for: 'tests with wrong clocks' },
]

const isThere = (command: string) =>
  spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0

const missing = ENGINES.filter(({ command }) => !isThere(command))
const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version')

if (missing.length > 0 && canInstall) {
  const packages = missing.map((engine) => engine.package)
  console.log(`installing ${packages.join(', ')} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as const, env }
  spawnSync('apt-get', ['update', '-qq'], { ...options, stdio: [...options.stdio] })
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
  spawnSync('apt-get', install, { ...options, stdio: [...options.stdio] })
}
for (const { command, for: use } of missing) {
  if (!isThere(command)) console.log(`${command} is missing: ${use} are skipped`)
}
