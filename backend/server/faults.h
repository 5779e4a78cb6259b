/*
 * Faults on purpose, for lessons and tests (kdeck.faults.enable): this broker becomes slow, deaf,
 * cut off from others, or its disk slow or full. Never kept: a start heals everything.
 *
 *   cut               no links to these nodes, nor from them: one end is enough
 *   delay_ms          every answer leaves so much later
 *   slow_disk_ms      every write, read and sync of a file takes so much longer
 *   full_disk         the disk takes nothing more
 *   stop_serving      nothing is read from clients and followers; the controller is still told
 *                     that this broker lives
 *   drop_connections  true: the connections of clients and followers are closed, once
 */
#ifndef SERVER_FAULTS_H
#define SERVER_FAULTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store_io.h"

#define FAULTS_CUT_MAX      64
#define FAULTS_DELAY_MAX_MS 60000
#define FAULTS_DISK_MAX_MS  5000

struct faults {
	int32_t cut[FAULTS_CUT_MAX];
	size_t n_cut;
	int32_t delay_ms, slow_disk_ms;
	bool full_disk, stop_serving, drop_connections;
};

/* Takes what the JSON object names into f, and leaves the rest. ERR_INVALID names what is unknown,
 * of the wrong kind or out of range, ERR_TOO_BIG; f is unchanged then. */
int faults_read(struct faults *f, struct str json, struct err *e) MUSTCHECK;
/* The members, into an object that is open. */
void faults_write(const struct faults *f, struct json *j);
bool faults_cuts(const struct faults *f, int32_t node);
bool faults_any(const struct faults *f);

/* A disk in between: as `inner` until it is told otherwise. */
struct faulty_disk;
struct faulty_disk *faulty_disk_new(struct store_io *inner);
void faulty_disk_free(struct faulty_disk *d);
struct store_io *faulty_disk_io(struct faulty_disk *d);
/* Holds for calls that begin from here on, on any thread. */
void faulty_disk_set(struct faulty_disk *d, int32_t slow_ms, bool full);

#endif
