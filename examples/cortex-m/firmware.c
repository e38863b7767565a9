// SPDX-License-Identifier: Apache-2.0
// Firmware that updates itself. MQTT is spoken by whoever holds the UART's other end (a modem, here a test): frames of a kind, a
// QoS, the sizes of topic and payload, then both. A boot loader starts the slot that `boot` names: "1t" is a trial of slot 1 that
// gets one boot, "1c" is slot 1 confirmed; it leaves the slot's number in `running` and a number of this boot in `boot-id`.
#include "board.h"

#include <otabahn_device.h>
#include <string.h>

static otabahn_device device;
static uint8_t pages[2][2048], frame[8 + 12288];

static const char* slot_path(uint8_t slot) { return slot == 0 ? "slot.0" : "slot.1"; }
static const char* page_path(uint8_t page) { return page == 0 ? "page.0" : "page.1"; }

static bool prepare_slot(void* u, uint8_t slot, uint64_t size) {
    (void)u, (void)size;
    return board_write(slot_path(slot), BOARD_TRUNCATE, 0, "", 0);
}
static bool write_slot(void* u, uint8_t slot, uint64_t offset, otabahn_bytes bytes) {
    (void)u;
    return board_write(slot_path(slot), BOARD_WRITE, (uint32_t)offset, bytes.data, bytes.size);
}
static bool flush_slot(void* u, uint8_t slot) {
    (void)u, (void)slot;
    return true;  // what semihosting wrote outlives the board
}
static otabahn_bytes read_page(void* u, uint8_t page) {
    (void)u;
    return (otabahn_bytes){pages[page], board_read(page_path(page), pages[page], sizeof pages[page])};
}
static bool write_page(void* u, uint8_t page, otabahn_bytes bytes) {
    (void)u;
    return board_write(page_path(page), BOARD_TRUNCATE, 0, bytes.data, bytes.size);
}

static otabahn_answer tell_boot_loader(uint8_t slot, char word) {
    const char text[] = {(char)('0' + slot), word};
    return board_write("boot", BOARD_TRUNCATE, 0, text, sizeof text) ? OTABAHN_DONE : OTABAHN_FAILED;
}
static otabahn_answer activate(void* u, uint8_t slot) { return (void)u, tell_boot_loader(slot, 't'); }
static otabahn_answer confirm(void* u, uint8_t slot) { return (void)u, tell_boot_loader(slot, 'c'); }

// The crypto chip: OpenSSL on the machine that runs QEMU.
static bool hash(const char* path, uint8_t digest[32]) {
    char command[80] = "openssl dgst -sha256 -binary -out digest ";
    return board_command(strcat(command, path)) && board_read("digest", digest, 32) == 32;
}
static otabahn_trust check(void* u, const otabahn_signature* signature, otabahn_bytes message, const uint8_t* digest) {
    (void)u;
    uint8_t own[32];
    const bool there = digest != NULL ? board_write("digest", BOARD_TRUNCATE, 0, digest, 32)
                                      : board_write("message", BOARD_TRUNCATE, 0, message.data, message.size) && hash("message", own);
    return there && board_write("signature", BOARD_TRUNCATE, 0, signature->value.data, signature->value.size) &&
                   board_command(
                       "openssl pkeyutl -verify -certin -inkey trust.pem -pkeyopt digest:sha256 -sigfile signature -in digest >openssl.log "
                       "2>&1")
               ? OTABAHN_GOOD
               : OTABAHN_WRONG;
}
static otabahn_trust verify(void* u, uint8_t slot, uint64_t size, const otabahn_signature* signature, uint8_t digest[32]) {
    if (board_file_size(slot_path(slot)) != (int32_t)size || !hash(slot_path(slot), digest)) return OTABAHN_UNREADABLE;
    return signature->kind == OTABAHN_UNSIGNED ? OTABAHN_GOOD : check(u, signature, (otabahn_bytes){0}, digest);
}

static otabahn_answer restart(void* u, uint8_t slot) {
    (void)u, (void)slot;
    board_reset();
    return OTABAHN_LATER;
}
static otabahn_answer self_test(void* u, uint8_t slot) {
    (void)u, (void)slot;
    return HEALTHY ? OTABAHN_DONE : OTABAHN_FAILED;
}

static void send_frame(char kind, uint8_t qos, otabahn_text topic, otabahn_bytes payload) {
    const uint8_t head[8] = {(uint8_t)kind,
                             qos,
                             (uint8_t)topic.size,
                             (uint8_t)(topic.size >> 8),
                             (uint8_t)payload.size,
                             (uint8_t)(payload.size >> 8),
                             (uint8_t)(payload.size >> 16),
                             0};
    board_send(head, sizeof head);
    board_send(topic.data, topic.size);
    board_send(payload.data, payload.size);
}
static void publish(void* u, otabahn_text topic, otabahn_bytes payload, uint8_t qos) { (void)u, send_frame('P', qos, topic, payload); }
static void subscribe(void* u, otabahn_text topic) { (void)u, send_frame('S', 1, topic, (otabahn_bytes){0}); }
static void unsubscribe(void* u, otabahn_text topic) { (void)u, send_frame('U', 0, topic, (otabahn_bytes){0}); }
static void note(void* u, otabahn_text line) { (void)u, send_frame('N', 0, line, (otabahn_bytes){0}); }
static uint64_t now(void* u) { return (void)u, board_milliseconds(); }

static void receive_frames(void) {
    static size_t have;
    // The UART holds 16 bytes: while they come, it is not left alone.
    for (unsigned idle = 0; idle < 20000; ++idle) {
        if (have == sizeof frame || !board_receive(&frame[have])) continue;
        idle = 0;
        if (++have < 8) continue;
        const size_t topic = frame[2] | frame[3] << 8, payload = frame[4] | frame[5] << 8 | frame[6] << 16;
        if (have < 8 + topic + payload) continue;
        have = 0;
        if (frame[0] == 'C' || frame[0] == 'D')
            otabahn_device_connected(&device, frame[0] == 'C');
        else
            otabahn_device_message(&device, (otabahn_text){(const char*)frame + 8, topic}, (otabahn_bytes){frame + 8 + topic, payload});
    }
}

int main(void) {
    static uint8_t out[OTABAHN_OUT_BYTES], document[8192], scratch[2048], signature[72], bitmap[16], page[OTABAHN_PAGE_BYTES(16)],
        boot_id[16], digest[32];
    static const otabahn_memory memory = {{out, sizeof out},         {document, sizeof document},
                                          {scratch, sizeof scratch}, {signature, sizeof signature},
                                          {bitmap, sizeof bitmap},   {page, sizeof page}};
    static const otabahn_ports ports = {.prepare_slot = prepare_slot,
                                        .write_slot = write_slot,
                                        .flush_slot = flush_slot,
                                        .activate = activate,
                                        .confirm = confirm,
                                        .roll_back = confirm,
                                        .read_page = read_page,
                                        .write_page = write_page,
                                        .check_signature = check,
                                        .verify = verify,
                                        .restart = restart,
                                        .self_test = self_test,
                                        .publish = publish,
                                        .subscribe = subscribe,
                                        .unsubscribe = unsubscribe,
                                        .note = note,
                                        .now = now};
    static const otabahn_settings settings = {
        .thing = "board", .product = "lamp", .slot_bytes = 1 << 20, .block_bytes = 1024, .window_bytes = 4096};
    otabahn_device_init(&device, &settings, &memory, &ports);
    if (read_page(NULL, 0).size == 0 && read_page(NULL, 1).size == 0 && hash(slot_path(0), digest))
        otabahn_device_factory(&device, (uint64_t)board_file_size(slot_path(0)), digest, VERSION);
    char running = '0';
    board_read("running", &running, 1);
    board_read("boot-id", boot_id, sizeof boot_id);
    note(NULL, (otabahn_text){"firmware " VERSION, strlen("firmware " VERSION)});
    otabahn_device_boot(&device, boot_id, running - '0', true);
    for (;;) {
        receive_frames();
        otabahn_device_tick(&device);
        board_wait();
    }
}
