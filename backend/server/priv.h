/* What server.c (wiring), follow.c (the image at work) and lifecycle.c (its own life) share. */
#ifndef SERVER_PRIV_H
#define SERVER_PRIV_H

#include "io/loop.h"
#include "io/work.h"
#include "server/asks.h"
#include "server/configs.h"
#include "server/controller.h"
#include "server/disk.h"
#include "server/events.h"
#include "server/faults.h"
#include "server/groups.h"
#include "server/lifecycle.h"
#include "server/peers.h"
#include "server/quorum_net.h"
#include "server/replicas.h"
#include "server/server.h"

struct server {
	struct loop *loop;
	struct server_settings set;
	struct server_events ev;
	struct conf *conf;
	enum server_state state;
	struct store store;
	bool store_open;
	struct work_pool *sync; /* one thread: syncs of the metadata log */
	struct disk *disk;
	struct net *net;
	struct net_listener *bound[SERVER_LISTENERS];
	struct net_listener *controller; /* NULL: not of that role */
	struct peers *peers;
	struct quorum_net *quorum;
	struct broker_voter voters[SERVER_VOTERS];
	struct broker broker;
	struct broker_endpoint endpoints[SERVER_LISTENERS + 1]; /* the last: the controller's */
	struct configs *configs;
	struct groups *groups;
	struct events *events; /* NULL: nobody can ask for them */
	struct faults faults;
	struct faulty_disk *faulty; /* NULL: no faults on purpose */
	struct uuid incarnation;
	struct asks *asks;
	struct controller *control;  /* NULL: without that role */
	struct lifecycle *lifecycle; /* NULL: without the broker's */
	struct loop_hook *turn;
	struct io_timer delay, drain, patience;
	int64_t delay_ms; /* what delay is set to; INT64_MAX: it does not run */
	int drains;
	struct list wanted_topics; /* auto-creations under way */
	int64_t started_us;
	int64_t started_ms; /* wall */
};

/* quorum.c: the metadata log and its quorum. */
void server_init_quorum(struct server *s);
int server_bind_controller(struct server *s, struct err *e) MUSTCHECK;
int server_open_quorum(struct server *s, struct err *e) MUSTCHECK;
void server_start_quorum(struct server *s);
/* Of one that starts and knows no controller: what it waits for. */
void server_waits_for(const struct server *s, struct buf *out);
/* follow.c: the image has this broker's registration: opens the partitions and follows from here
 * on. */
void server_load(struct server *s);
/* The cluster has let this broker in: takes clients. */
void server_serve(struct server *s);
/* Nothing is led here any more: goes down. */
void server_left(struct server *s);
/* replicas.c: this incarnation as the image has it; NULL: it has not (yet, or any more). */
const struct image_broker *server_self(const struct server *s);
/* The active controller, -1 while none is known. */
int32_t server_leader(const struct server *s);
/* face_faults.c: what faults on purpose do. */
bool server_lets_in(struct broker *b, struct net_slot *slot, struct str client_id);
void server_heal(struct server *s);
/* Ends everything at once: the metadata log failed. */
void server_fail(struct server *s, const char *why);

#endif
