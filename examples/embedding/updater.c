// SPDX-License-Identifier: Apache-2.0
// The updater embedded in a C program: updater-c FOLDER THING HOST PORT. In FOLDER lie certificate.pem, private.key, root-ca.pem,
// trust.pem (who may sign), and slot.0 with version 1.0.0, as it left the factory. What "runs" an image here is a printed line.
#include "platform.h"

#include <otabahn_device.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static otabahn_device device;
static struct mosquitto* mqtt;
static uint8_t image[1 << 24], pages[2][2048];

static bool prepare_slot(void* u, uint8_t slot, uint64_t size) { return put_file("slot", slot, "wb", 0, image, 0); }
static bool write_slot(void* u, uint8_t slot, uint64_t offset, otabahn_bytes bytes) {
    return put_file("slot", slot, "r+b", offset, bytes.data, bytes.size);
}
static bool flush_slot(void* u, uint8_t slot) { return true; }  // put_file() has done it
static bool write_page(void* u, uint8_t page, otabahn_bytes bytes) { return put_file("page", page, "wb", 0, bytes.data, bytes.size); }
static otabahn_bytes read_page(void* u, uint8_t page) {
    return (otabahn_bytes){pages[page], get_file("page", page, pages[page], sizeof pages[page])};
}

static otabahn_trust check(void* u, const otabahn_signature* signature, otabahn_bytes message, const uint8_t* digest) {
    uint8_t hash[32];
    if (digest == NULL) sha256(message.data, message.size, hash);
    const bool good = is_signed_by_trusted(digest != NULL ? digest : hash, signature->value.data, signature->value.size);
    return good ? OTABAHN_GOOD : OTABAHN_WRONG;
}
static otabahn_trust verify(void* u, uint8_t slot, uint64_t size, const otabahn_signature* signature, uint8_t digest[32]) {
    if (size > sizeof image || get_file("slot", slot, image, size) != size) return OTABAHN_UNREADABLE;
    sha256(image, size, digest);
    return signature->kind == OTABAHN_UNSIGNED ? OTABAHN_GOOD : check(u, signature, (otabahn_bytes){NULL, 0}, digest);
}

static otabahn_answer nothing_to_do(void* u, uint8_t slot) { return OTABAHN_DONE; }
static otabahn_answer run(void* u, uint8_t slot) { return printf("slot %d runs\n", slot), fflush(stdout), OTABAHN_DONE; }

static const char* text(otabahn_text t) {
    static char copy[512];
    return snprintf(copy, sizeof copy, "%.*s", (int)t.size, t.data), copy;
}
static void publish(void* u, otabahn_text topic, otabahn_bytes payload, uint8_t qos) {
    mosquitto_publish(mqtt, NULL, text(topic), (int)payload.size, payload.data, qos, false);
}
static void subscribe(void* u, otabahn_text topic) { mosquitto_subscribe(mqtt, NULL, text(topic), 1); }
static void unsubscribe(void* u, otabahn_text topic) { mosquitto_unsubscribe(mqtt, NULL, text(topic)); }
static void note(void* u, otabahn_text line) { fprintf(stderr, "%s\n", text(line)); }
static uint64_t now(void* u) { return monotonic_milliseconds(); }

static void up(struct mosquitto* m, void* u, int rc) { otabahn_device_connected(&device, rc == 0); }
static void down(struct mosquitto* m, void* u, int rc) { otabahn_device_connected(&device, false); }
static void arrived(struct mosquitto* m, void* u, const struct mosquitto_message* got) {
    otabahn_device_message(&device, (otabahn_text){got->topic, strlen(got->topic)}, (otabahn_bytes){got->payload, (size_t)got->payloadlen});
}
static void tick(void* u) { otabahn_device_tick(&device); }

static const otabahn_ports ports = {.prepare_slot = prepare_slot, .write_slot = write_slot, .flush_slot = flush_slot,
    .activate = nothing_to_do, .confirm = nothing_to_do, .roll_back = nothing_to_do, .read_page = read_page, .write_page = write_page,
    .check_signature = check, .verify = verify, .restart = run, .self_test = nothing_to_do, .publish = publish, .subscribe = subscribe,
    .unsubscribe = unsubscribe, .note = note, .now = now};

int main(int argc, char** argv) {
    static uint8_t out[OTABAHN_OUT_BYTES], document[32768], scratch[32768], signature[512], bitmap[512], page[OTABAHN_PAGE_BYTES(512)];
    static const otabahn_memory memory = {{out, sizeof out}, {document, sizeof document}, {scratch, sizeof scratch},
        {signature, sizeof signature}, {bitmap, sizeof bitmap}, {page, sizeof page}};
    if (argc != 5 || chdir(argv[1]) != 0) return 2;
    otabahn_device_init(&device, &(otabahn_settings){.thing = argv[2], .slot_bytes = sizeof image}, &memory, &ports);
    if (read_page(NULL, 0).size == 0 && read_page(NULL, 1).size == 0) {
        uint8_t hash[32];
        const size_t size = get_file("slot", 0, image, sizeof image);
        sha256(image, size, hash);
        if (!otabahn_device_factory(&device, size, hash, "1.0.0")) return 1;
    }
    const uint8_t boot[16] = {0};  // of the machine; here only the program ever starts again
    otabahn_device_boot(&device, boot, -1, false);
    mqtt = new_mqtt(argv[2], NULL, up, down, arrived);
    run_mqtt(mqtt, argv[3], atoi(argv[4]), tick, NULL);
}
