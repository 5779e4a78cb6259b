/* What /proc says of this process. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <dirent.h>

#include "httpd/face.h"

static int64_t kilobytes(const char *line, const char *name)
{
	size_t n = strlen(name);
	long long kb;

	return strncmp(line, name, n) == 0 && sscanf(line + n, "%lld", &kb) == 1 ? kb * 1024 : -1;
}

static void read_memory(struct face_process *out)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		out->resident = max_i64(out->resident, kilobytes(line, "VmRSS:"));
		out->anonymous = max_i64(out->anonymous, kilobytes(line, "RssAnon:"));
	}
	if (f)
		fclose(f);
}

static void read_files(struct face_process *out)
{
	DIR *d = opendir("/proc/self/fd");

	if (!d)
		return;
	out->open_files = -1; /* that of the listing itself */
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		out->open_files += e->d_name[0] != '.';
	closedir(d);
}

static int64_t micros(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

void face_process(struct face_process *out)
{
	struct rusage use;

	*out = (struct face_process){-1, -1, -1, -1};
	read_memory(out);
	read_files(out);
	if (getrusage(RUSAGE_SELF, &use) == 0)
		out->cpu_us = micros(use.ru_utime) + micros(use.ru_stime);
}
