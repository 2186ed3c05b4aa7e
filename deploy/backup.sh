#!/bin/sh
# Backs up an embedded installation (SQLite and a folder) while its server runs. Needs sqlite3 and rsync.
#
#   deploy/backup.sh DATA TO      for instance: deploy/backup.sh /var/lib/partway /backup/partway
#
# Makes TO/<time>, a data folder that a server can be started on. Files that have not changed since the
# backup before are hard links to it: each costs what is new. A folder that ends with .partial is
# one that did not get to its end. Why in this order: docs/deploy.md
set -eu
umask 077
data=${1:?the data folder} to=${2:?the folder of backups}
mkdir -p "$to"
to=$(cd "$to" && pwd)

last=
for folder in "$to"/*Z; do [ -d "$folder" ] && last=$folder; done

name=$(date -u +%Y%m%dT%H%M%SZ)
new=$to/$name.partial
mkdir "$new" "$new/store"

# The database first, then what it names.
sqlite3 -cmd '.timeout 10000' "$data/partway.db" "vacuum into '$new/partway.db'"
# Not there when the keys are a setting.
[ ! -f "$data/signing.key" ] || cp -p "$data/signing.key" "$new/"
# An upload that is sealed meanwhile moves from the first folder to the second.
for folder in uploads objects files; do
  # 24: files went away while they were copied.
  rsync -a --exclude='*.tmp' ${last:+"--link-dest=$last/store/$folder"} \
    "$data/store/$folder/" "$new/store/$folder/" || [ $? -eq 24 ]
done

sync
mv "$new" "$to/$name"
echo "$to/$name"
