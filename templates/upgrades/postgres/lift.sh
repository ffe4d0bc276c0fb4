# In the old image: the libraries that its programs need, for the new image, which may have others; and whose C library
# ordered the indexes.
set -eu
for file in "/usr/lib/postgresql/$DEVENV_OLD"/bin/* "/usr/lib/postgresql/$DEVENV_OLD"/lib/*.so; do
  ldd "$file" 2>/dev/null || :
done >/tmp/needed
awk '/=> \// { print $3 }' /tmp/needed | sort -u | while IFS= read -r library; do
  cp -L "$library" /devenv/libraries/
done
ldd --version >/tmp/libc
head -n 1 /tmp/libc >/devenv/libraries/libc
