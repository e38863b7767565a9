// SPDX-License-Identifier: Apache-2.0
// The updater for firmware in C. The firmware owns all memory and hands in its ports as functions; the library has no heap,
// no I/O, no clock and no thread of its own. One thread calls it, and never from within a port. docs/porting.md says what
// each port owes; device/port/ports.hpp is the same in C++.
#ifndef OTABAHN_DEVICE_H
#define OTABAHN_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct otabahn_bytes {
    const uint8_t* data;
    size_t size;
} otabahn_bytes;

// Not ended by a zero.
typedef struct otabahn_text {
    const char* data;
    size_t size;
} otabahn_text;

typedef struct otabahn_buffer {
    void* data;
    size_t size;
} otabahn_buffer;

typedef enum otabahn_signature_kind { OTABAHN_UNSIGNED, OTABAHN_SHA256_ECDSA, OTABAHN_SHA256_RSA } otabahn_signature_kind;

typedef struct otabahn_signature {
    otabahn_signature_kind kind;
    otabahn_bytes value;       // DER SEQUENCE{r,s}, or PKCS#1 v1.5
    otabahn_text certificate;  // a hint, never a path
} otabahn_signature;

// What a port answers. OTABAHN_LATER: otabahn_device_done() or otabahn_device_checked() will tell.
typedef enum otabahn_answer { OTABAHN_FAILED, OTABAHN_DONE, OTABAHN_LATER } otabahn_answer;
typedef enum otabahn_trust {
    OTABAHN_GOOD,
    OTABAHN_WRONG,
    OTABAHN_UNKNOWN_CERTIFICATE,
    OTABAHN_UNSUPPORTED,
    OTABAHN_UNREADABLE,  // of verify: the slot could not be read to its end
    OTABAHN_TRUST_LATER
} otabahn_trust;
typedef enum otabahn_stage {
    OTABAHN_ALLOW_DOWNLOAD,
    OTABAHN_ACTIVATE,
    OTABAHN_RESTART,
    OTABAHN_SELF_TEST,
    OTABAHN_CONFIRM,
    OTABAHN_ROLL_BACK
} otabahn_stage;

typedef struct otabahn_ports {
    void* user;  // the first argument of each
    // Two slots; the one that runs is never written. False: it could not be done.
    bool (*prepare_slot)(void* user, uint8_t slot, uint64_t size);
    bool (*write_slot)(void* user, uint8_t slot, uint64_t offset, otabahn_bytes bytes);
    bool (*flush_slot)(void* user, uint8_t slot);
    bool (*keep_document)(void* user, uint8_t slot, otabahn_bytes document);  // may be null
    otabahn_answer (*activate)(void* user, uint8_t slot);
    otabahn_answer (*confirm)(void* user, uint8_t slot);
    otabahn_answer (*roll_back)(void* user, uint8_t slot);
    // Two pages of state. What was written last, or nothing; durable when write_page returns.
    otabahn_bytes (*read_page)(void* user, uint8_t page);
    bool (*write_page)(void* user, uint8_t page, otabahn_bytes bytes);
    // Of a message (digest null), or of its SHA-256.
    otabahn_trust (*check_signature)(void* user, const otabahn_signature* signature, otabahn_bytes message, const uint8_t* digest);
    // Reads `size` bytes back from the slot: their SHA-256 into `digest`, and the verdict on the signature (OTABAHN_UNSIGNED: good).
    otabahn_trust (*verify)(void* user, uint8_t slot, uint64_t size, const otabahn_signature* signature, uint8_t digest[32]);
    otabahn_answer (*allow_download)(void* user, uint8_t slot, otabahn_text job, otabahn_bytes document);  // null: always
    otabahn_answer (*restart)(void* user, uint8_t slot);
    otabahn_answer (*self_test)(void* user, uint8_t slot);
    // MQTT; what cannot be sent is dropped, the updater asks again.
    void (*publish)(void* user, otabahn_text topic, otabahn_bytes payload, uint8_t qos);
    void (*subscribe)(void* user, otabahn_text topic);
    void (*unsubscribe)(void* user, otabahn_text topic);
    void (*note)(void* user, otabahn_text text);  // a line for the log; may be null
    uint64_t (*now)(void* user);                  // monotonic milliseconds
} otabahn_ports;

// Zero or null: the default of device/core/update.hpp. The texts must live as long as the device.
typedef struct otabahn_settings {
    const char* thing;
    const char* product;
    const char* hardware;
    uint64_t slot_bytes;
    bool require_release, allow_downgrade, allow_unsigned;
    uint32_t block_bytes;
    uint32_t window_bytes;  // asked for and not yet here or not yet stored, at the most
    uint64_t max_bytes_per_second;
} otabahn_settings;

// See Memory in device/core/update.hpp for how large each must be.
typedef struct otabahn_memory {
    otabahn_buffer out, document, scratch, signature, bitmap, page;
} otabahn_memory;

#define OTABAHN_OUT_BYTES 4096  // enough for the longest names that AWS takes
#define OTABAHN_PAGE_BYTES(bitmap) (1024 + (bitmap))
#define OTABAHN_DEVICE_BYTES (sizeof(void*) > 4 ? 10240 : 5120)

typedef struct otabahn_device {
    union {
        uint64_t aligned;
        void* pointer;
        uint8_t bytes[OTABAHN_DEVICE_BYTES];
    } opaque;
} otabahn_device;

void otabahn_device_init(otabahn_device* device, const otabahn_settings* settings, const otabahn_memory* memory,
                         const otabahn_ports* ports);

// Writes the first record: slot 0 holds this image. For the factory; false: the pages could not be written.
bool otabahn_device_factory(otabahn_device* device, uint64_t size, const uint8_t sha256[32], const char* version);

// Once, first. `boot_id` is another one after each boot of the machine. `running`: the slot that a boot loader started, or
// -1 where the restart port is what runs images. `restart_boots_machine`: restart ends in a boot, not in an answer.
void otabahn_device_boot(otabahn_device* device, const uint8_t boot_id[16], int running, bool restart_boots_machine);

void otabahn_device_connected(otabahn_device* device, bool up);
void otabahn_device_message(otabahn_device* device, otabahn_text topic, otabahn_bytes payload);
// Does what is due; call it at otabahn_device_wake_at() or more often.
void otabahn_device_tick(otabahn_device* device);
uint64_t otabahn_device_wake_at(const otabahn_device* device);  // UINT64_MAX: nothing is due
// The answers that ports gave later. `why` may be null.
void otabahn_device_done(otabahn_device* device, otabahn_stage stage, bool good, const char* why);
void otabahn_device_checked(otabahn_device* device, otabahn_trust trust);
void otabahn_device_verified(otabahn_device* device, otabahn_trust trust, const uint8_t digest[32]);

uint8_t otabahn_device_slot_to_run(const otabahn_device* device);
otabahn_text otabahn_device_version(const otabahn_device* device);  // of the confirmed image
const char* otabahn_device_state(const otabahn_device* device);     // "idle", "downloading" …

#ifdef __cplusplus
}
#endif
#endif
