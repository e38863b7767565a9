// SPDX-License-Identifier: Apache-2.0
// QEMU's lm3s6965evb board as the firmware sees it: a millisecond clock, a UART, and the machine's files by semihosting, which play
// flash and crypto chip.
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOARD_READ = 1, BOARD_WRITE = 3, BOARD_TRUNCATE = 7 };  // semihosting's numbers of fopen's modes

uint32_t board_milliseconds(void);
// Sleeps until the next interrupt: a millisecond at the most.
void board_wait(void);

bool board_receive(uint8_t* byte);
void board_send(const void* bytes, size_t size);

// All of them open and close the file. -1 and false: it cannot be done.
int32_t board_file_size(const char* path);
size_t board_read(const char* path, void* out, size_t room);
bool board_write(const char* path, int mode, uint32_t offset, const void* bytes, size_t size);
bool board_command(const char* command);
void board_reset(void);

int main(void);

#endif
