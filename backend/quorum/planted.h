/*
 * Faults that a test can plant, to show that it would find them. In the programs there are none:
 * QUORUM_PLANTED is false there, whatever is asked.
 */
#ifndef QUORUM_PLANTED_H
#define QUORUM_PLANTED_H

enum quorum_fault {
	QUORUM_FAULT_NONE,
	/* A voter grants whoever asks, also when it has voted in that epoch. */
	QUORUM_FAULT_TWO_VOTES,
	/* A follower acknowledges records of the metadata log before they are synced. */
	QUORUM_FAULT_NOT_SYNCED,
	/* A voter whose folder was lost votes as if it had never been there before. */
	QUORUM_FAULT_EMPTY_VOTES,
};

#ifdef KDECK_PLANTED
extern enum quorum_fault quorum_planted;
#define QUORUM_PLANTED(fault) (quorum_planted == (fault))
#else
#define QUORUM_PLANTED(fault) 0
#endif

#endif
