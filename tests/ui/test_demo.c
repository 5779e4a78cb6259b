/* kdeck demo: what it shows, and that it leaves nothing behind, however it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "bench.h"

#define PATIENCE_MS 20000

static char folder[FOLDER_MAX], program[4096];

static int setup(void **state)
{
	const char *build = getenv("top_builddir");

	(void)state;
	snprintf(program, sizeof(program), "%s/kdeck", build ? build : ".");
	return folder_make(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return folder_remove(folder);
}

static int entries(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* A file of a process names the folder. */
static bool names_folder(const char *pid, const char *file)
{
	char path[300], text[16384];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(text, (size_t)n, folder, strlen(folder)) != NULL;
}

/* Somebody's command line or TMPDIR names the folder: brokers, a keeper, a reader of ours. */
static int processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int found = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		found += names_folder(e->d_name, "cmdline") || names_folder(e->d_name, "environ");
	}
	closedir(d);
	return found;
}

/* Who is left, for the failure. */
static void print_processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[300], line[512] = "";
		ssize_t n;
		int fd;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
			(!names_folder(e->d_name, "cmdline") &&
				!names_folder(e->d_name, "environ")))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : 0;
		for (ssize_t i = 0; i + 1 < n; i++)
			line[i] = line[i] ? line[i] : ' ';
		if (fd >= 0)
			close(fd);
		printf("# left: %s %s\n", e->d_name, line);
	}
	closedir(d);
}

static void assert_nothing_left(void)
{
	int64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;

	while ((entries() || processes()) && clock_mono_ms(&clock_system) < end)
		(void)poll(NULL, 0, 20);
	if (processes())
		print_processes();
	assert_int_equal(processes(), 0);
	assert_int_equal(entries(), 0);
}

struct run {
	pid_t pid;
	int out; /* standard output and errors */
};

static struct run start(const char *tmpdir)
{
	struct run r;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	r.pid = fork();
	if (r.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("TMPDIR", tmpdir, 1);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execl(program, program, "demo", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	r.out = fds[0];
	return r;
}

/* What it said; its exit status. */
static int finish(struct run *r, struct buf *said)
{
	char bytes[4096];
	int status;
	ssize_t n;

	while ((n = read(r->out, bytes, sizeof(bytes))) > 0)
		buf_put(said, bytes, (size_t)n);
	close(r->out);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void prints_a_page_and_goes(void **state)
{
	struct buf said = BUF_EMPTY;
	struct run r = start(folder);

	(void)state;
	assert_int_equal(finish(&r, &said), 0);
	assert_non_null(strstr(buf_z(&said), "kdeck  demo"));
	assert_non_null(strstr(buf_z(&said), " orders "));
	assert_non_null(strstr(buf_z(&said), " page-views "));
	assert_non_null(strstr(buf_z(&said), " sensor-readings "));
	/* One keeps up, one does not, one has gone. */
	assert_non_null(strstr(buf_z(&said), " kitchen "));
	assert_non_null(strstr(buf_z(&said), " recommendations "));
	assert_non_null(strstr(buf_z(&said), " daily-report "));
	assert_non_null(strstr(buf_z(&said), "stopped"));
	assert_nothing_left();
	buf_fini(&said);
}

static void two_at_once(void **state)
{
	struct buf said = BUF_EMPTY;
	struct run r[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = start(folder);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		buf_clear(&said);
		assert_int_equal(finish(&r[i], &said), 0);
		assert_non_null(strstr(buf_z(&said), "brokers 3/3"));
	}
	assert_nothing_left();
	buf_fini(&said);
}

static void open_on_a_terminal(struct bench *b)
{
	const char *argv[] = {program, "demo", NULL};
	char *tmp = xasprintf("TMPDIR=%s", folder);
	const char *extra[] = {tmp, NULL};

	b->s = screen_start(argv, extra, "/tmp", 80, 24);
	free(tmp);
	screen_wait(b->s, "3 of 3 up");
	assert_int_equal(entries(), 1);
}

/* Console, keeper, brokers, and on screen 9 four readers: one is through after a moment. */
static void see_readers(struct bench *b)
{
	screen_go(b->s, "9", "kitchen-2");
	screen_wait(b->s, "recommender");
	screen_wait(b->s, "reporter");
	screen_wait(b->s, "stopped");
	assert_true(processes() >= 8);
}

static void killed(void **state)
{
	struct bench b = {0};

	(void)state;
	open_on_a_terminal(&b);
	see_readers(&b);
	kill(screen_pid(b.s), SIGKILL);
	assert_int_equal(screen_wait_exit(b.s), 128 + SIGKILL);
	assert_nothing_left();
	screen_free(b.s);
}

/* A broker that another kdeck has started again stays when that one ends, and goes with the demo.
 */
static void started_from_outside(void **state)
{
	struct bench b = {0};
	char *command = xasprintf(
		"k=%s; d=$(echo %s/kdeck-demo-*); kill -9 $(cat $d/broker-2/pid)\n"
		"while $k status --dir $d | grep -q '^2 .*running'; do :; done\n"
		"$k up --dir $d >/dev/null && $k status --dir $d | grep -q '^2 .*running'",
		program, folder);

	(void)state;
	open_on_a_terminal(&b);
	assert_int_equal(system(command), 0);
	screen_go(b.s, "2", "brokers 3/3");
	kill(screen_pid(b.s), SIGKILL);
	assert_int_equal(screen_wait_exit(b.s), 128 + SIGKILL);
	assert_nothing_left();
	screen_free(b.s);
	free(command);
}

static void find_locks(glob_t *found)
{
	char pattern[FOLDER_MAX + 64];

	snprintf(pattern, sizeof(pattern), "%s/kdeck-demo-*/lock", folder);
	(void)!glob(pattern, 0, NULL, found);
}

/* A lock that was not there before: from then on the new folder is known to be somebody's. One that
 * is killed earlier leaves an empty folder, which is removed when it is old. */
static bool has_lock(const glob_t *before)
{
	glob_t found;
	bool has = false;

	find_locks(&found);
	for (size_t i = 0; i < found.gl_pathc && !has; i++) {
		has = true;
		for (size_t k = 0; k < before->gl_pathc; k++)
			has = has && strcmp(found.gl_pathv[i], before->gl_pathv[k]) != 0;
	}
	globfree(&found);
	return has;
}

/* Killed before anything is ready: there is no moment that leaves something. */
static void killed_while_it_starts(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		struct buf said = BUF_EMPTY;
		int64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;
		glob_t before;
		struct run r;

		find_locks(&before);
		r = start(folder);
		while (!has_lock(&before) && clock_mono_ms(&clock_system) < end)
			(void)poll(NULL, 0, 1);
		/* Ever later moments of the start. */
		(void)poll(NULL, 0, i * 10);
		kill(r.pid, SIGKILL);
		(void)finish(&r, &said);
		buf_fini(&said);
		globfree(&before);
	}
	/* A folder whose keeper had not begun is the next demo's to remove. */
	struct run r = start(folder);
	struct buf said = BUF_EMPTY;
	assert_int_equal(finish(&r, &said), 0);
	buf_fini(&said);
	assert_nothing_left();
}

/* The window is closed, or SSH drops: the terminal hangs up. */
static void hung_up(void **state)
{
	struct bench b = {0};

	(void)state;
	open_on_a_terminal(&b);
	see_readers(&b);
	screen_free(b.s); /* closes the line, too */
	assert_nothing_left();
}

static void leftovers_are_removed(void **state)
{
	char path[FOLDER_MAX + 64];
	struct buf said = BUF_EMPTY;
	struct run r;
	int wanted;

	(void)state;
	snprintf(path, sizeof(path), "%s/kdeck-demo-gone00", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/kdeck-demo-gone00/lock", folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	snprintf(path, sizeof(path), "%s/kdeck-demo-used00", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/kdeck-demo-used00/lock", folder);
	wanted = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(flock(wanted, LOCK_EX), 0);
	/* A link that calls itself a demo's folder is not followed. */
	snprintf(path, sizeof(path), "%s/kdeck-demo-link00", folder);
	assert_int_equal(symlink("/", path), 0);
	r = start(folder);
	assert_int_equal(finish(&r, &said), 0);
	assert_int_equal(entries(), 2);
	assert_int_equal(unlink(path), 0);
	close(wanted);
	buf_clear(&said);
	r = start(folder);
	assert_int_equal(finish(&r, &said), 0);
	assert_nothing_left();
	buf_fini(&said);
}

static void no_place_to_write(void **state)
{
	static const char *const places[] = {"/proc", "/no/such/folder", "/dev/null"};
	struct buf said = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct run r = start(places[i]);

		buf_clear(&said);
		assert_int_equal(finish(&r, &said), 1);
		assert_non_null(strstr(buf_z(&said), places[i]));
	}
	buf_fini(&said);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_a_page_and_goes),
		TEST(two_at_once),
		TEST(killed),
		TEST(started_from_outside),
		TEST(killed_while_it_starts),
		TEST(hung_up),
		TEST(leftovers_are_removed),
		TEST(no_place_to_write),
	};

	if (!bench_ready())
		return 0;
	bench_ports(BENCH_PORTS_SHARED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
