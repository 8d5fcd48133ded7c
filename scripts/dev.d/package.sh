# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The Debian packages: built from the release archive, twice, and looked at; and the subcommand that tries them out on a
# bare Debian (trial.sh).

cmd_test_package() {
	local trial=yes

	case ${1:-} in
	'') ;;
	--no-trial) trial=no ;;
	--inside)
		trial_inside "$2"
		return
		;;
	-h | --help)
		cat <<-'EOF'
		Usage: scripts/dev test-package [--no-trial]

		Builds the Debian packages out of `make dist`: twice, which must give the same files; and once with an older
		version. lintian and blhc look at them. Then (not with --no-trial) a bare Debian 12 is made by debootstrap and
		booted with systemd in namespaces of its own, the packages are installed there with apt, and README.md's
		commands make a live site of them on backends of scripts/dev: a conversation, an upgrade and ten restarts
		under load, a purge. It needs root, some 2 GB under CRUDDUR_VAR while it runs, and a Debian mirror, the one that
		apt is set to; what it fetched is kept in CRUDDUR_TOOLS_DIR. The packages are left in CRUDDUR_VAR/package.
		EOF
		return 0
		;;
	*) die "test-package does not know $1" 'scripts/dev test-package --help' ;;
	esac
	packages_install up test lint package
	make_var
	with_lock "$VAR/package.lock" 1800 'the packages' package_test_locked "$trial"
}

package_test_locked() {
	PACKAGE=$VAR/package
	rm -rf -- "$PACKAGE"
	mkdir -p -- "$PACKAGE"
	build_project
	package_install
	package_archive
	package_build_all
	package_lint
	if [[ $1 == yes ]]; then
		trial
	fi
	say "the packages are in $PACKAGE/built"
}

# package_install: `make install`, and `make uninstall`, twice: no file stays.
package_install() {
	say 'make install, make uninstall'
	if ! { make --no-print-directory -C "$BUILD_DIR" DESTDIR="$PACKAGE/installed" install && package_uninstall &&
		package_uninstall; } >"$LOG/install.log" 2>&1; then
		show_tail "$LOG/install.log"
		die 'make install, or make uninstall, failed' "look at $LOG/install.log"
	fi
}

package_uninstall() {
	make --no-print-directory -C "$BUILD_DIR" DESTDIR="$PACKAGE/installed" uninstall &&
		[[ -z $(find "$PACKAGE/installed" ! -type d) ]]
}

# package_archive: the release archive, as everybody would get it. ARCHIVE and VERSION say which. It has all that git has.
package_archive() {
	local missing

	say 'make dist'
	rm -f -- "$BUILD_DIR"/cruddur-*.tar.gz
	make --no-print-directory -C "$BUILD_DIR" dist-gzip >"$LOG/dist.log" 2>&1 || {
		show_tail "$LOG/dist.log"
		die 'make dist failed' "look at $LOG/dist.log"
	}
	ARCHIVE=$(echo "$BUILD_DIR"/cruddur-*.tar.gz)
	VERSION=${ARCHIVE##*/cruddur-}
	VERSION=${VERSION%.tar.gz}
	missing=$(comm -23 <(git -C "$ROOT" ls-files | sort) <(tar -tzf "$ARCHIVE" | sed 's,^[^/]*/,,' | sort) |
		grep -vx .gitignore || true)
	[[ -z $missing ]] || die "the release archive has not:" "$missing" 'they belong into Makefile.am'
}

# package_unpack FOLDER: the source in a folder of its own.
package_unpack() {
	mkdir -p -- "$1"
	tar -xzf "$ARCHIVE" -C "$1"
	SOURCE=$1/cruddur-$VERSION
	[[ $(dpkg-parsechangelog -l "$SOURCE/debian/changelog" -S Version) == "$VERSION" ]] ||
		die "debian/changelog and configure.ac do not have the same version"
}

# package_build NAME WHAT...: in SOURCE, with WHAT for env.
package_build() {
	local name=$1

	shift
	say "building the packages ($name)"
	if ! (cd -- "$SOURCE" && env -u MAKEFLAGS "$@") >"$LOG/package-$name.log" 2>&1; then
		show_tail "$LOG/package-$name.log" 30
		die 'dpkg-buildpackage failed' "look at $LOG/package-$name.log"
	fi
}

package_build_all() {
	local options built file offline=(unshare --net)

	((EUID == 0)) || offline=(unshare --map-current-user --keep-caps --net)
	options="nocheck parallel=$(nproc)"
	package_unpack "$PACKAGE/built"
	package_build first DEB_BUILD_OPTIONS="$options" dpkg-buildpackage -us -uc
	# Another folder, language, time zone and umask: none of it may be seen in the result. This one runs the unit tests as
	# well, as Debian's builders do, and has no network, npm or Java.
	package_unpack "$PACKAGE/built-again/in/another/folder"
	package_absent
	(umask 027 && package_build again TZ=Pacific/Kiritimati LC_ALL=C LANG=C HOME=/nonexistent \
		PATH="$PACKAGE/absent:$PATH" DEB_BUILD_OPTIONS="parallel=$(nproc)" CK_TIMEOUT_MULTIPLIER=5 \
		"${offline[@]}" sh -c 'ip link set lo up && exec dpkg-buildpackage -us -uc -b')
	[[ ! -s $PACKAGE/absent/asked ]] || die "the build asked for what it must not need: $(<"$PACKAGE/absent/asked")"
	built=0
	for file in "$PACKAGE"/built/*.deb; do
		cmp -- "$file" "$PACKAGE/built-again/in/another/folder/${file##*/}" ||
			die "${file##*/}: two builds gave two files" "compare those in $PACKAGE/built and built-again"
		built=$((built + 1))
	done
	((built == 3)) || die "$built packages were built, not cruddur, cruddur-web and cruddur-dbgsym"
	say 'the packages are the same, built twice'
	package_build_previous "$options"
}

# Programs in front of the real ones that fail, and note that they were asked.
package_absent() {
	local name

	mkdir -p -- "$PACKAGE/absent"
	for name in npm npx node java curl wget; do
		printf '#!/bin/sh\necho %s >>%s\nexit 127\n' "$name" "$PACKAGE/absent/asked" >"$PACKAGE/absent/$name"
		chmod 755 -- "$PACKAGE/absent/$name"
	done
}

# What an upgrade comes from: this source under an older version, with two files for /etc that are going to change. What
# lies about in it is not packed.
package_build_previous() {
	local file

	package_unpack "$PACKAGE/previous"
	sed -i "1s/(.*)/($VERSION~previous)/" "$SOURCE/debian/changelog"
	printf '# A line of the previous version.\n' | tee -a "$SOURCE/conf/cruddur.env.example" \
		"$SOURCE/conf/nginx/cruddur-api.conf" >/dev/null
	for file in conf/cruddur.env conf/.cruddur.env.swp scripts/db/migrate~ scripts/db/migrate.orig sql/schema.sql~; do
		install -m 0755 -- "$SOURCE/scripts/db/migrate" "$SOURCE/$file"
	done
	package_build previous DEB_BUILD_OPTIONS="$1" dpkg-buildpackage -us -uc -b
	diff -u <(package_files built) <(package_files previous) || die 'what lay about in the source was packed'
}

# package_files FOLDER: the paths in the package that is there.
package_files() {
	dpkg-deb --fsys-tarfile "$PACKAGE/$1"/cruddur_*.deb | tar -t | sort
}

# lint_package: for `scripts/dev lint`, what takes half a minute: one build, and what is said about it.
lint_package() {
	PACKAGE=$VAR/package-lint
	rm -rf -- "$PACKAGE"
	package_archive
	package_unpack "$PACKAGE/built"
	package_build first DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc
	package_lint
	rm -rf -- "$PACKAGE"
}

# A finding of any grade fails. lintian's overrides say why they are there; of what blhc sees, lambda-launcher is not in
# the packages, and is static on purpose.
package_lint() {
	say 'lintian and blhc'
	if ! lintian --allow-root -EvIL +pedantic --fail-on error,warning,info,pedantic,experimental \
		"$PACKAGE"/built/*.changes >"$LOG/lintian.log" 2>&1; then
		show_tail "$LOG/lintian.log" 40
		die 'lintian complains' "look at $LOG/lintian.log"
	fi
	if ! blhc --all --ignore-line '.*lambda.launcher.*' "$LOG/package-first.log" >"$LOG/blhc.log" 2>&1; then
		show_tail "$LOG/blhc.log" 40
		die 'blhc misses compiler flags' "look at $LOG/blhc.log"
	fi
}

# lint_units: the units, for `scripts/dev lint`: systemd takes them, and each service is well shut in. What they start
# is looked for where it was built.
lint_units() {
	local scratch unit

	scratch=$(mktemp -d)
	for unit in "$ROOT"/conf/systemd/cruddur-*; do
		sed "s#/usr/sbin/cruddur-#$BUILD_DIR/cruddur-#g" "$unit" >"$scratch/${unit##*/}"
	done
	systemd-analyze verify --man=no "$scratch"/cruddur-*
	for unit in "$scratch"/*.service; do
		systemd-analyze security --no-pager --offline=true --threshold=20 "$unit"
	done
	rm -rf -- "$scratch"
}
