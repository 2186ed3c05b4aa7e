import { execFileSync, spawnSync } from 'node:child_process'

/** Whether `ffmpeg` is on PATH. */
const hasFfmpeg = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0

/** Without ffmpeg its tests are skipped by name, but not in CI: there they fail. */
export const skipsMedia = !hasFfmpeg && !process.env.CI

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args], { stdio: 'pipe' })
}

/** A film of two seconds with sound. */
export function makeMp4(path: string): void {
  ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=24:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2'],
    ...['-pix_fmt', 'yuv420p', '-shortest', path],
  )
}

export function makePng(path: string): void {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=64x64', '-frames:v', '1', path)
}
