# Generated from devenv.toml by devenv, which writes it anew; put what is your own into [devcontainer] of devenv.toml.
# devenv:generated inputs=<digest> content=<digest>
if read -r line <"$0" && [ "$line" != "${line%"$(printf '\r')"}" ]; then echo "$0 has Windows line endings, which no shell reads. Check it out again: rm -r .devcontainer && git -c core.autocrlf=false checkout -- .devcontainer" >&2; exit 1; fi #
# In a service's own image: its client programs, with every library that they need and the loader for these, so that they
# run on any other system. What is lifted is what the server's makers put beside it: no other version can be meant.
#
#     lift.sh FOLDER PROGRAM…    a program by its name, or by a pattern of paths
set -eu
folder=$1
shift
mkdir -p "$folder/bin" "$folder/lib" "$folder/libexec"
lifted=0

command -v ldd >/dev/null || echo 'note: this image has no ldd: programs are copied without their libraries' >&2

needs() { # the libraries of a program, and the loader, each as a path
  ldd "$1" 2>/dev/null | while read -r name arrow path _; do
    [ "$arrow" = '=>' ] || path=$name
    case "$path" in /*) echo "$path" ;; esac
  done
}

for wanted in "$@"; do
  found=''
  case "$wanted" in
    /*) for path in $wanted; do if [ -x "$path" ]; then found=$path; fi; done ;;
    *) found=$(command -v "$wanted" || :) ;;
  esac
  [ -n "$found" ] || { echo "note: this image has no ${wanted##*/}" >&2; continue; }
  found=$(readlink -f "$found")
  name=${wanted##*/}
  [ ! -e "$folder/bin/$name" ] || continue
  lifted=$((lifted + 1))
  if [ "$(head -c 2 "$found")" = '#!' ]; then
    cp "$found" "$folder/bin/$name"
    continue
  fi
  cp "$found" "$folder/libexec/$name"
  loader=''
  for library in $(needs "$found"); do
    cp -L "$library" "$folder/lib/"
    case "${library##*/}" in ld-*) loader=${library##*/} ;; esac
  done
  if [ -n "$loader" ]; then
    printf '#!/bin/sh\nexec %s/lib/%s --library-path %s/lib --argv0 "$0" %s/libexec/%s "$@"\n' \
      "$folder" "$loader" "$folder" "$folder" "$name" >"$folder/bin/$name"
    # --argv0 came with glibc 2.33, and with musl at once.
    "$folder/lib/$loader" --help 2>&1 | grep -q -- --argv0 || sed -i 's/ --argv0 "\$0"//' "$folder/bin/$name"
  else
    printf '#!/bin/sh\nexec %s/libexec/%s "$@"\n' "$folder" "$name" >"$folder/bin/$name"
  fi
  chmod 755 "$folder/bin/$name"
done
# An older C library loads these when a name is looked up.
for library in /lib/*/libnss_dns.so.* /lib/*/libnss_files.so.* /lib/*/libresolv.so.*; do
  [ ! -e "$library" ] || cp -L "$library" "$folder/lib/"
done
[ "$lifted" -gt 0 ] || { echo 'devenv: this image has none of the client programs that the catalogue names' >&2; exit 1; }
