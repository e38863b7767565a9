// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <string.h>

// PL011 UART and SysTick; the board comes up at 12.5 MHz.
#define UART_DATA (*(volatile uint32_t*)0x4000C000)
#define UART_FLAGS (*(volatile uint32_t*)0x4000C018)
#define UART_LINE (*(volatile uint32_t*)0x4000C02C)
#define UART_CONTROL (*(volatile uint32_t*)0x4000C030)
#define TICK_CONTROL (*(volatile uint32_t*)0xE000E010)
#define TICK_RELOAD (*(volatile uint32_t*)0xE000E014)
#define TICK_VALUE (*(volatile uint32_t*)0xE000E018)

extern uint32_t stack_top, data_start, data_end, data_stored, bss_start, bss_end;

static volatile uint32_t milliseconds;

void Reset_Handler(void);
static void on_tick(void) { milliseconds = milliseconds + 1; }
static void on_fault(void) { board_reset(); }

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)&stack_top, (uintptr_t)Reset_Handler, (uintptr_t)on_fault, (uintptr_t)on_fault,
    (uintptr_t)on_fault,   (uintptr_t)on_fault,      (uintptr_t)on_fault, [15] = (uintptr_t)on_tick};

void Reset_Handler(void) {
    memcpy(&data_start, &data_stored, (size_t)((uint8_t*)&data_end - (uint8_t*)&data_start));
    memset(&bss_start, 0, (size_t)((uint8_t*)&bss_end - (uint8_t*)&bss_start));
    UART_LINE = 0x70;  // 8 bits, with its FIFO
    UART_CONTROL = 0x301;
    TICK_RELOAD = 12500 - 1;
    TICK_VALUE = 0;
    TICK_CONTROL = 7;
    main();
    board_reset();
}

uint32_t board_milliseconds(void) { return milliseconds; }
void board_wait(void) { __asm__ volatile("wfi"); }

bool board_receive(uint8_t* byte) {
    if ((UART_FLAGS & 0x10) != 0) return false;
    *byte = (uint8_t)UART_DATA;
    return true;
}

void board_send(const void* bytes, size_t size) {
    for (const uint8_t* at = bytes; size > 0; ++at, --size) {
        while ((UART_FLAGS & 0x20) != 0) continue;
        UART_DATA = *at;
    }
}

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0A,
    SYS_FLEN = 0x0C,
    SYS_SYSTEM = 0x12,
    SYS_EXIT = 0x18
};

static int32_t semihosting(int operation, const void* argument) {
    register int32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static int32_t open_file(const char* path, int mode) {
    const uintptr_t block[] = {(uintptr_t)path, (uintptr_t)mode, strlen(path)};
    return semihosting(SYS_OPEN, block);
}

static void close_file(int32_t file) {
    const int32_t block[] = {file};
    semihosting(SYS_CLOSE, block);
}

int32_t board_file_size(const char* path) {
    const int32_t file = open_file(path, BOARD_READ);
    if (file < 0) return -1;
    const int32_t block[] = {file};
    const int32_t size = semihosting(SYS_FLEN, block);
    close_file(file);
    return size;
}

size_t board_read(const char* path, void* out, size_t room) {
    const int32_t file = open_file(path, BOARD_READ);
    if (file < 0) return 0;
    const uintptr_t block[] = {(uintptr_t)file, (uintptr_t)out, room};
    const int32_t left = semihosting(SYS_READ, block);
    close_file(file);
    return room - (size_t)left;
}

bool board_write(const char* path, int mode, uint32_t offset, const void* bytes, size_t size) {
    const int32_t file = open_file(path, mode);
    if (file < 0) return false;
    const uintptr_t seek[] = {(uintptr_t)file, offset}, write[] = {(uintptr_t)file, (uintptr_t)bytes, size};
    const bool good = semihosting(SYS_SEEK, seek) == 0 && (size == 0 || semihosting(SYS_WRITE, write) == 0);
    close_file(file);
    return good;
}

bool board_command(const char* command) {
    const uintptr_t block[] = {(uintptr_t)command, strlen(command)};
    return semihosting(SYS_SYSTEM, block) == 0;
}

void board_reset(void) {
    semihosting(SYS_EXIT, (const void*)0x20026);  // the application ends: the power goes, and the boot loader starts what it finds
    for (;;) continue;
}
