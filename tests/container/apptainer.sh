#!/usr/bin/env bash
# Sees to it that Apptainer can be called, so that test_apptainer.py runs. Prints what to set;
# everything else goes to stderr:
#
#   eval "$(tests/container/apptainer.sh)"     # PATH
#
# Where there is none, Debian's is installed into a tree of its own (it is in unstable only, and
# wants a newer C library than stable has), with a command that shows this machine's folders to it.
# Needs root on Debian for that; where that cannot be had it says why, prints nothing, and the tests
# skip.
set -euo pipefail

tree=${CTC_APPTAINER_WORK:-/var/tmp/ctc-apptainer}

stop() {
  echo "apptainer.sh: $1; the tests that need Apptainer will skip" >&2
  exit 0
}

! command -v apptainer >/dev/null || exit 0
[ "$(id -u)" = 0 ] || stop "not root"
if ! command -v debootstrap >/dev/null; then
  command -v apt-get >/dev/null || stop "no apt-get"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >&2 ||
    stop "cannot install debootstrap"
fi
if [ ! -e "$tree/complete" ]; then
  rm -rf "$tree"
  mkdir -p "$tree/bin"
  debootstrap --variant=minbase --include=apptainer,squashfuse unstable "$tree/root" >&2 ||
    stop "debootstrap failed"
  rm -rf "$tree/root/var/cache/apt" "$tree/root/var/lib/apt/lists"
  echo root:0:65536 | tee -a "$tree/root/etc/subuid" >>"$tree/root/etc/subgid"
  touch "$tree/complete"
fi

# In a mount namespace of its own the tree becomes the root, with every folder of this machine that
# is not the system's. In a user namespace Apptainer works as it does for users without rights, and
# has the rights within it that a container's root may lack.
cat >"$tree/bin/apptainer" <<EOF
#!/usr/bin/env bash
exec unshare --mount bash -c '
  set -e
  tree=\$1 here=\$PWD
  shift
  mount --make-rprivate /
  mount --bind "\$tree" "\$tree"
  for folder in /*; do
    case \$folder in
      /bin | /boot | /etc | /lib* | /lost+found | /sbin | /usr | /var) continue ;;
    esac
    [ -d "\$folder" ] && [ ! -L "\$folder" ] || continue
    mkdir -p "\$tree\$folder"
    mount --rbind "\$folder" "\$tree\$folder"
  done
  for file in /etc/hosts /etc/resolv.conf; do
    [ -e "\$tree\$file" ] || touch "\$tree\$file"
    mount --bind "\$file" "\$tree\$file"
  done
  cd "\$tree"
  mkdir -p .before
  pivot_root . .before
  umount -l /.before
  cd "\$here"
  exec unshare --user --map-users 0:0:65536 --map-groups 0:0:65536 --setuid 0 --setgid 0 \
    /usr/bin/apptainer "\$@"
' apptainer "$tree/root" "\$@"
EOF
chmod +x "$tree/bin/apptainer"
"$tree/bin/apptainer" --version >&2 || stop "it does not start"
echo "export PATH=$tree/bin:\$PATH"
