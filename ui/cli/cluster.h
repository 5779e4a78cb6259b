/* The commands that deal with kdeck's own brokers; rows for the table of all commands. */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include "cli/cli.h"

extern const struct cli_command cli_up, cli_status, cli_down;
#define CLI_CLUSTER_COMMANDS &cli_up, &cli_status, &cli_down

#endif
