/* What server.c (wiring), start.c (coming up) and stop.c (going down) share. */
#ifndef SERVER_PRIV_H
#define SERVER_PRIV_H

#include "io/loop.h"
#include "io/work.h"
#include "server/configs.h"
#include "server/disk.h"
#include "server/events.h"
#include "server/groups.h"
#include "server/peers.h"
#include "server/quorum_net.h"
#include "server/server.h"

/* A change of the cluster that the broker itself asks for. */
struct server_wish {
	struct metalog_op op;
	struct arena arena;
	struct server *server;
	bool busy;
};

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
	struct uuid incarnation;
	struct server_wish wish; /* registration, then unfencing */
	struct loop_hook *turn;
	struct io_timer delay, drain;
	int drains;
	struct list wanted_topics; /* auto-creations under way */
	int64_t started_us;
};

/* quorum.c: the metadata log and its quorum. */
int server_bind_controller(struct server *s, struct err *e) MUSTCHECK;
int server_open_quorum(struct server *s, struct err *e) MUSTCHECK;
void server_start_quorum(struct server *s);
/* What metalog tells. */
void server_caught_up(struct server *s);
/* start.c: registers and unfences the broker, then serves. */
void server_register(struct server *s);
void server_topic_wanted(struct broker *b, struct str name);
/* Ends everything at once: the metadata log failed. */
void server_fail(struct server *s, const char *why);

#endif
