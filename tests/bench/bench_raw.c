/*
 * What the benchmark holds beside the figures of librdkafka: what this machine does without a
 * broker, and the broker without librdkafka.
 *
 *   bench_raw write FOLDER                  plain write(2)
 *   bench_raw warm FOLDER                   see warm()
 *   bench_raw stream LOG…                   segments by sendfile over one loopback connection
 *   bench_raw fetch HOST PORT TOPIC N       partitions 0 to N-1 by one connection
 *
 * write and warm read lines of a file's number and a size from standard input: each of them is one
 * call.
 *
 * stream and fetch read 3 MB at a time and check the CRC of each batch. fetch has one request on
 * its way at a time and ends at the high watermarks.
 *
 * Each prints one line of names and numbers. Exit status 1 with the reason on failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "wire/api.h"
#include "wire/batch.h"
#include "wire/msg.h"

#define FILES_MAX       16
#define PARTITION_BYTES (1 << 20) /* max.partition.fetch.bytes, Kafka's default */
#define GROUP_BYTES     (3 << 20) /* so the stream comes in pieces of an answer's size */
#define REPORT          2.2       /* Linux: 2 s between two reports of free pages */
#define WARM_MAX        5.0
#define FETCH_VERSION   12 /* the last one with names of topics */

struct segment_file {
	const char *path;
	int fd;
	VEC(size_t) batches; /* their sizes */
	size_t bytes;
};

static _Noreturn PRINTF_LIKE(1, 2) void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench_raw: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static double seconds(void)
{
	return (double)clock_mono_us(&clock_system) / 1e6;
}

static void print(size_t bytes, double took)
{
	printf("bytes %zu seconds %.6f mb_s %.2f\n", bytes, took, (double)bytes / took / 1e6);
}

/* ---- segments -------------------------------------------------------------------------------- */

static void open_segment(struct segment_file *f, const char *path)
{
	uint8_t head[BATCH_PREFIX];

	*f = (struct segment_file){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (f->fd < 0)
		die("%s: %s", path, strerror(errno));
	while (pread(f->fd, head, sizeof(head), (off_t)f->bytes) == (ssize_t)sizeof(head)) {
		int64_t n = batch_peek(slice_of(head, sizeof(head)));

		if (n < 0)
			die("%s: no batch at %zu", path, f->bytes);
		vec_push(&f->batches, (size_t)n);
		f->bytes += (size_t)n;
	}
}

static int open_segments(struct segment_file *files, int n, char **paths)
{
	if (n < 1 || n > FILES_MAX)
		die("expected 1 to %d files", FILES_MAX);
	for (int i = 0; i < n; i++)
		open_segment(&files[i], paths[i]);
	return n;
}

static void close_segments(struct segment_file *files, int n)
{
	for (int i = 0; i < n; i++) {
		close(files[i].fd);
		vec_fini(&files[i].batches);
	}
}

/* ---- plain writes ---------------------------------------------------------------------------- */

/* Opens file i of a set of them, or removes it. */
static int plain_file(const char *folder, int set, int i, bool there)
{
	char *path = xasprintf("%s/plain-%d-%d", folder, set, i);
	int fd = there ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : unlink(path);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	free(path);
	return fd;
}

static size_t largest(const struct segment_file *f)
{
	size_t max = 0;

	vec_foreach (n, &f->batches)
		max = max_size(max, *n);
	return max;
}

static void put(int fd, const uint8_t *from, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, from, n);

		if (k <= 0)
			die("write: %s", k < 0 ? strerror(errno) : "nothing written");
		from += k;
		n -= (size_t)k;
	}
}

struct piece {
	int file;
	size_t n;
};

/* Lines of a file's number and a size. */
static size_t read_pieces(struct piece **out)
{
	VEC(struct piece) pieces = {0};
	struct piece p;

	while (scanf("%d %zu", &p.file, &p.n) == 2) {
		if (p.file < 0 || p.file >= FILES_MAX || p.n > INT32_MAX)
			die("expected lines of a number below %d and a size", FILES_MAX);
		vec_push(&pieces, p);
	}
	*out = pieces.v;
	return pieces.n;
}

struct load {
	const char *folder;
	struct piece *pieces;
	size_t n, bytes;
	uint8_t *from;
};

static void load_init(struct load *l, const char *folder)
{
	size_t room = 1;

	*l = (struct load){.folder = folder};
	l->n = read_pieces(&l->pieces);
	for (size_t i = 0; i < l->n; i++) {
		room = max_size(room, l->pieces[i].n);
		l->bytes += l->pieces[i].n;
	}
	l->from = xmalloc(room);
	memset(l->from, 'x', room);
}

static void load_fini(struct load *l)
{
	free(l->from);
	free(l->pieces);
}

static void write_set(const struct load *l, int set)
{
	int fds[FILES_MAX];

	for (int i = 0; i < FILES_MAX; i++)
		fds[i] = plain_file(l->folder, set, i, true);
	for (size_t i = 0; i < l->n; i++)
		put(fds[l->pieces[i].file], l->from, l->pieces[i].n);
	for (int i = 0; i < FILES_MAX; i++)
		close(fds[i]);
}

static int plain_write(const char *folder)
{
	struct load l;
	double began;

	load_init(&l, folder);
	began = seconds();
	write_set(&l, 0);
	print(l.bytes, seconds() - began);
	load_fini(&l);
	return 0;
}

/* Writes all twice and removes it: as many pages are free then as a run and its control take. */
static double pass(const struct load *l)
{
	double began = seconds(), took;

	for (int set = 0; set < 2; set++)
		write_set(l, set);
	took = seconds() - began;
	for (int set = 0; set < 2; set++)
		for (int i = 0; i < FILES_MAX; i++)
			plain_file(l->folder, set, i, false);
	return 2 * (double)l->bytes / took;
}

/*
 * Brings about that memory is free and warm. A virtual machine may give free memory back to its
 * host, at most every REPORT seconds; writing shows it, because the next use of such memory is far
 * slower. So this writes again and again and ends just after it was slow and is fast again: there
 * is time for a run before the next time. Where it is never slow, nothing is given back.
 */
static int warm(const char *folder)
{
	double start = seconds(), best = 0, fast_since = 0;
	bool was_slow = false;
	int passes = 0;
	struct load l;

	load_init(&l, folder);
	while (l.bytes > 0 && seconds() - start < WARM_MAX) {
		double rate = pass(&l);
		bool fast = passes++ > 0 && rate >= best / 2;

		best = rate > best ? rate : best;
		if (fast && (was_slow || (fast_since > 0 && seconds() - fast_since > REPORT)))
			break;
		if (fast && fast_since <= 0)
			fast_since = seconds();
		was_slow = was_slow || (!fast && fast_since > 0);
	}
	printf("passes %d mb_s %.2f slow %d\n", passes, best / 1e6, was_slow);
	load_fini(&l);
	return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void get(int fd, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t k = recv(fd, to, n, 0);

		if (k <= 0)
			die("read: %s", k < 0 ? strerror(errno) : "closed by the peer");
		to += k;
		n -= (size_t)k;
	}
}

/* Checks whole batches; a cut one at the end is left out. Returns the offset behind the last. */
static int64_t check(struct slice in, int64_t next, size_t *bytes)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	int rc;

	batch_iter_init(&it, in, true);
	while ((rc = batch_next(&it, &h, &batch)) == 1) {
		next = batch_next_offset(&h);
		*bytes += batch.n;
	}
	if (rc < 0 && rc != ERR_SHORT)
		die("a batch behind offset %lld is damaged", (long long)next);
	return next;
}

static struct sockaddr_in local(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int connect_to(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("connect: %s", strerror(errno));
	return fd;
}

static _Noreturn void serve(int listener, struct segment_file *files, int n)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; i < n; i++) {
		off_t at = 0;

		while ((size_t)at < files[i].bytes)
			if (sendfile(fd, files[i].fd, &at, files[i].bytes - (size_t)at) <= 0)
				_exit(1);
	}
	_exit(0);
}

static size_t receive(int fd, const struct segment_file *f)
{
	size_t room = GROUP_BYTES + largest(f), bytes = 0, k = 0;
	uint8_t *to = xmalloc(room);

	while (k < f->batches.n) {
		size_t n = 0;

		do
			n += f->batches.v[k++];
		while (k < f->batches.n && n < GROUP_BYTES);
		get(fd, to, n);
		check(slice_of(to, n), 0, &bytes);
	}
	free(to);
	return bytes;
}

static int stream(char **paths, int n)
{
	struct segment_file files[FILES_MAX];
	struct sockaddr_in at = local(0);
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	size_t bytes = 0;
	double began;
	pid_t child;

	n = open_segments(files, n, paths);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) < 0 ||
		listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		die("listen: %s", strerror(errno));
	child = fork();
	if (child == 0)
		serve(listener, files, n);
	fd = connect_to(&at);
	began = seconds();
	for (int i = 0; i < n; i++)
		bytes += receive(fd, &files[i]);
	print(bytes, seconds() - began);
	close(fd);
	close_segments(files, n);
	waitpid(child, NULL, 0);
	return 0;
}

/* ---- fetching -------------------------------------------------------------------------------- */

struct reader {
	int fd;
	struct str topic;
	int32_t n; /* partitions */
	int32_t id;
	int64_t next[FILES_MAX], end[FILES_MAX];
	struct arena arena;
	struct buf answer;
	size_t bytes;
};

static void ask(struct reader *r)
{
	struct request_header h = {1, FETCH_VERSION, ++r->id, str_of("bench_raw")};
	struct fetch_request_partitions parts[FILES_MAX];
	struct fetch_request_topics topic;
	struct fetch_request q;
	struct chain out;
	uint8_t *frame;

	msg_init(&fetch_request_desc, &q);
	topic = (struct fetch_request_topics){
		.topic = r->topic, .partitions = parts, .n_partitions = r->n};
	q.max_wait_ms = 500;
	q.min_bytes = 1;
	q.max_bytes = 50 << 20;
	q.topics = &topic;
	q.n_topics = 1;
	for (int32_t i = 0; i < r->n; i++)
		parts[i] = (struct fetch_request_partitions){.partition = i,
			.current_leader_epoch = -1,
			.fetch_offset = r->next[i],
			.last_fetched_epoch = -1,
			.log_start_offset = -1,
			.partition_max_bytes = PARTITION_BYTES};
	chain_init(&out);
	if (request_frame(&h, &q, &out) < 0)
		die("the request cannot be written");
	frame = xmalloc(out.n);
	if (chain_flatten(&out, frame) < 0 || send(r->fd, frame, out.n, 0) != (ssize_t)out.n)
		die("send: %s", strerror(errno));
	free(frame);
	chain_fini(&out);
}

static void take(struct reader *r, const struct fetch_response_partitions *p)
{
	if (p->error_code || p->partition_index < 0 || p->partition_index >= r->n)
		die("partition %d: error %d", p->partition_index, p->error_code);
	r->next[p->partition_index] =
		check(p->records.bytes, r->next[p->partition_index], &r->bytes);
	r->end[p->partition_index] = p->high_watermark;
}

static void answer(struct reader *r)
{
	struct response_header h;
	struct fetch_response a;
	uint8_t head[FRAME_HEAD];
	size_t length, used;
	struct slice in;

	get(r->fd, head, sizeof(head));
	if (frame_peek(slice_of(head, sizeof(head)), INT32_MAX, &length) != 1)
		die("an answer of a size that cannot be");
	buf_clear(&r->answer);
	get(r->fd, buf_extend(&r->answer, length), length);
	in = slice_of(r->answer.p, length);
	if (response_header_decode(1, FETCH_VERSION, in, &h, &used) < 0 ||
		h.correlation_id != r->id)
		die("not the answer to the request");
	in = slice_of(in.p + used, in.n - used);
	arena_reset(&r->arena);
	if (msg_decode(&fetch_response_desc, FETCH_VERSION, in, &r->arena, &a, &used) < 0)
		die("an answer that cannot be read");
	for (int32_t t = 0; t < a.n_responses; t++)
		for (int32_t i = 0; i < a.responses[t].n_partitions; i++)
			take(r, &a.responses[t].partitions[i]);
}

static bool more(const struct reader *r)
{
	for (int32_t i = 0; i < r->n; i++)
		if (r->next[i] < r->end[i])
			return true;
	return false;
}

static int fetch(const char *host, long port, const char *topic, long n)
{
	struct reader r = {.topic = str_of(topic), .n = (int32_t)n};
	struct sockaddr_in to = local((uint16_t)port);
	double began;

	if (n < 1 || n > FILES_MAX || port < 1 || port > UINT16_MAX ||
		inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die("expected an IPv4 address, its port, and 1 to %d partitions", FILES_MAX);
	arena_init(&r.arena, (size_t)1 << 20);
	r.fd = connect_to(&to);
	began = seconds();
	do {
		ask(&r);
		answer(&r);
	} while (more(&r));
	print(r.bytes, seconds() - began);
	close(r.fd);
	arena_fini(&r.arena);
	buf_fini(&r.answer);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "write") == 0 && argc == 3)
		return plain_write(argv[2]);
	if (strcmp(verb, "stream") == 0 && argc > 2)
		return stream(argv + 2, argc - 2);
	if (strcmp(verb, "fetch") == 0 && argc == 6)
		return fetch(
			argv[2], strtol(argv[3], NULL, 10), argv[4], strtol(argv[5], NULL, 10));
	if (strcmp(verb, "warm") == 0 && argc == 3)
		return warm(argv[2]);
	fprintf(stderr, "usage: bench_raw write|warm|stream|fetch …\n");
	return 2;
}
