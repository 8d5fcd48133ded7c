# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The packages on a bare Debian: made by debootstrap, booted by systemd-nspawn with the real systemd. It all happens in
# process, mount and network namespaces of its own, so that whatever is left running or mounted ends with them, and
# ports 80 and 443 are free. Backends and the container see one loopback and nothing else.

# What every Debian host has, beyond what debootstrap's smallest does.
readonly TRIAL_BASE=init,dbus,ca-certificates

# trial: what needs the network happens before the namespaces are made.
trial() {
	((EUID == 0)) || die 'trying the packages out needs root' 'scripts/dev test-package --no-trial does not'
	trial_base
	trial_download
	# The backends' downloads; they are started inside.
	dynamodb_prepare
	cognito_prepare
	trial_cgroups_note
	trap trial_end EXIT
	unshare --net --mount --pid --fork --kill-child --mount-proc \
		env CRUDDUR_VAR="$PACKAGE/stack" CRUDDUR_BUILD_DIR="$BUILD_DIR" CRUDDUR_TOOLS_DIR="$TOOLS_DIR" \
		"$ROOT/scripts/dev" test-package --inside "$PACKAGE" ||
		die 'the packages did not pass on a bare Debian' "logs are in $PACKAGE/stack/log"
	trap - EXIT
	trial_end
}

# The namespaces took processes and mounts with them; files and empty control groups are left.
trial_end() {
	rm -rf --one-file-system -- "$PACKAGE/root"
	trial_cgroups_remove
}

# nspawn makes these two groups where it is (it is no unit here), and leaves them if it is killed.
trial_cgroups() {
	printf '%s\n' /sys/fs/cgroup/{,systemd/,unified/}{payload,supervisor}
}

trial_cgroups_note() {
	local group

	TRIAL_CGROUPS=()
	while read -r group; do
		[[ -e $group ]] || TRIAL_CGROUPS+=("$group")
	done < <(trial_cgroups)
}

trial_cgroups_remove() {
	local group

	for group in "${TRIAL_CGROUPS[@]}"; do
		[[ ! -d $group ]] || wait_for 5 trial_cgroup_remove "$group" || say "not removed: $group"
	done
}

trial_cgroup_remove() {
	find "$1" -depth -type d -exec rmdir {} \; && [[ ! -e $1 ]]
}

# trial_mirrors: the lines of sources.list for Debian's own archives among those that apt is set to.
trial_mirrors() {
	# shellcheck disable=SC2016 # apt-get's own names
	apt-get indextargets --format '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sed -n 's/^Debian|//p' | sort -u
}

# trial_base: unpacks a bare Debian, of this system's release, into PACKAGE/root.
trial_base() {
	local codename base mirror

	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
	base=$TOOLS_DIR/debian-$codename-$(cksum <<<"$TRIAL_BASE" | cut -d' ' -f1).tar
	mirror=$(trial_mirrors | awk -v codename="$codename" '$3 == codename { print $2; exit }')
	[[ -n $mirror ]] || die "apt knows no archive of Debian's for $codename" 'apt-get update, then again'
	[[ -s $base ]] || trial_debootstrap "$codename" "$mirror" "$base"
	mkdir -p -- "$PACKAGE/root"
	tar -xf "$base" --numeric-owner --xattrs -C "$PACKAGE/root"
}

trial_debootstrap() {
	local scratch

	say "debootstrap: a bare Debian ($1)"
	mkdir -p -- "$TOOLS_DIR"
	scratch=$(mktemp -d "$TOOLS_DIR/debian.XXXXXX")
	# A mount namespace, so that debootstrap's mounts go with it however it ends.
	if ! unshare --mount debootstrap --variant=minbase --include="$TRIAL_BASE" "$1" "$scratch/root" "$2" \
		>"$LOG/debootstrap.log" 2>&1; then
		rm -rf --one-file-system -- "$scratch"
		show_tail "$LOG/debootstrap.log"
		die 'debootstrap failed' "look at $LOG/debootstrap.log"
	fi
	rm -f -- "$scratch"/root/var/cache/apt/archives/*.deb
	tar -cf "$scratch/base.tar" --numeric-owner --xattrs -C "$scratch/root" .
	mv -f -- "$scratch/base.tar" "$3"
	rm -rf --one-file-system -- "$scratch"
}

# trial_download: what apt would fetch to install the packages; DEPENDENCIES is the names. Inside, there is no network.
trial_download() {
	local rootfs=$PACKAGE/root

	say 'apt: what the packages depend on'
	trial_mirrors >"$rootfs/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::([a-z]+::Proxy|Check-)' >"$rootfs/etc/apt/apt.conf.d/90machine" || true
	cp -L -- /etc/resolv.conf "$rootfs/etc/resolv.conf"
	mkdir -p -- "$rootfs/packages/previous" "$TOOLS_DIR/apt-archives/partial"
	cp -- "$PACKAGE"/built/cruddur{,-web}_*.deb "$rootfs/packages/"
	cp -- "$PACKAGE"/previous/cruddur{,-web}_*.deb "$rootfs/packages/previous/"
	if ! unshare --mount bash -euc "$(trial_download_script)" download "$rootfs" "$TOOLS_DIR/apt-archives" \
		>"$LOG/trial-download.log" 2>&1; then
		show_tail "$LOG/trial-download.log"
		die 'apt did not get what the packages depend on' "look at $LOG/trial-download.log"
	fi
}

trial_download_script() {
	cat <<-'EOF'
	mount --bind "$2" "$1/var/cache/apt/archives"
	mount -t proc proc "$1/proc"
	run=(chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive)
	"${run[@]}" apt-get update
	"${run[@]}" sh -c 'apt-get -s install /packages/*.deb curl openssl' |
		awk '$1 == "Inst" && $2 !~ /^cruddur/ { print $2 }' >"$1/packages/dependencies"
	"${run[@]}" sh -c 'apt-get -y --download-only install $(cat /packages/dependencies)'
	EOF
}
