export interface CephSettings {
  folder: string
  fsid: string
  monPort: number
  rgwPort: number
  objectStore: 'memstore' | 'bluestore'
  sizeGiB: number
  copies: number
}

/**
 * The settings of a small cluster on loopback that is there for one run of tests. Parts may have any
 * size, so that tests of many chunks need not be large.
 */
export function cephConf(settings: CephSettings): string {
  const { folder, fsid, monPort, rgwPort, objectStore, sizeGiB, copies } = settings
  const size = sizeGiB * 2 ** 30
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/keyring
ms bind msgr1 = false
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
log file = ${folder}/log/$name.log
log to stderr = false
err to stderr = true
crash dir = ${folder}/crash
osd pool default size = ${copies}
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
paxos propose interval = 0.02
paxos min wait = 0.01
mon max pg per osd = 1000
mon warn on pool no redundancy = false
mon warn on insecure global id reclaim allowed = false
mon data avail warn = 1
mon data avail crit = 1
[mon]
mon data = ${folder}/mon
mon cluster log file = ${folder}/log/cluster.log
[osd]
osd data = ${folder}/osd.$id
osd objectstore = ${objectStore}
osd memory target = 939524096
osd class update on start = true
osd max object name len = 1024
bluestore block size = ${size}
bluestore block create = true
memstore device bytes = ${size}
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${rgwPort} tcp_nodelay=1
rgw data = ${folder}/rgw
rgw thread pool size = 64
rgw multipart min part size = 1
rgw enable usage log = false
rgw enable ops log = false
rgw lc debug interval = -1
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 30
`
}
