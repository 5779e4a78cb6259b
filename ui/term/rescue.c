/* See rescue.h. */
#include "term/rescue.h"

#include "base/xalloc.h"
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define STUCK_MS 1000

static struct {
	volatile sig_atomic_t armed;
	struct rescue r;
} emergency;

/* Crashes first: whoever else wants to hear of them is called afterwards. */
static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGINT,
	SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGPOLL};
#define CRASHES 5
static struct sigaction before[ARRAY_LEN(signals)];
static bool taken[ARRAY_LEN(signals)];

/* A stack that ran over leaves none for its handler. */
static _Alignas(16) char own_stack[65536];
static stack_t stack_before;

bool rescue_write(int fd, const void *bytes, unsigned long n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t did = write(fd, p, n);
		if (did < 0 && errno == EAGAIN) {
			struct pollfd w = {fd, POLLOUT, 0};
			if (poll(&w, 1, STUCK_MS) <= 0)
				return false;
			continue;
		}
		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return false;
		p += did;
		n -= (unsigned long)did;
	}
	return true;
}

void term_emergency(void)
{
	int saved = errno;

	if (!emergency.armed)
		return;
	emergency.armed = 0;
	rescue_write(emergency.r.out_fd, emergency.r.bytes, emergency.r.n);
	if (emergency.r.has_modes)
		tcsetattr(emergency.r.in_fd, TCSANOW, &emergency.r.modes);
	if (emergency.r.flags >= 0)
		(void)fcntl(emergency.r.in_fd, F_SETFL, emergency.r.flags);
	errno = saved;
}

static void on_signal(int sig)
{
	term_emergency();
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (signals[i] == sig)
			sigaction(sig, &before[i], NULL);
	raise(sig);
}

static void take_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof(own_stack)};

	if (sigaltstack(NULL, &stack_before) == 0 && stack_before.ss_flags & SS_DISABLE)
		sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		taken[i] = sigaction(signals[i], NULL, &before[i]) == 0 &&
			   (i < CRASHES || before[i].sa_handler == SIG_DFL);
		if (taken[i])
			sigaction(signals[i], &sa, NULL);
	}
}

void rescue_arm(const struct rescue *r)
{
	emergency.r = *r;
	emergency.armed = 1;
	xalloc_on_exhaustion(term_emergency);
	take_signals();
}

void rescue_hold(bool armed)
{
	emergency.armed = armed;
}

/* Somebody may have put a handler over ours meanwhile: that one stays. */
void rescue_disarm(void)
{
	struct sigaction now;

	emergency.armed = 0;
	xalloc_on_exhaustion(NULL);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (taken[i] && sigaction(signals[i], NULL, &now) == 0 &&
			now.sa_handler == on_signal)
			sigaction(signals[i], &before[i], NULL);
	if (stack_before.ss_flags & SS_DISABLE)
		sigaltstack(&stack_before, NULL);
}
