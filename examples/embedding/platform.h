// SPDX-License-Identifier: Apache-2.0
// What a product has already, for the two programs beside it: numbered files, SHA-256 and signatures by OpenSSL, MQTT by
// libmosquitto over mutual TLS.
#ifndef PLATFORM_H
#define PLATFORM_H

#include <mosquitto.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Into NAME.NUMBER, durable when it returns. `mode` is fopen's: "wb" begins anew, "r+b" writes into what is there.
bool put_file(const char* name, int number, const char* mode, uint64_t offset, const void* bytes, size_t size);
size_t get_file(const char* name, int number, void* out, size_t room);

void sha256(const void* bytes, size_t size, uint8_t digest[32]);
// ECDSA (DER) or RSA (PKCS#1 v1.5) over the digest, by the key of the certificate in trust.pem.
bool is_signed_by_trusted(const uint8_t digest[32], const void* signature, size_t size);

uint64_t monotonic_milliseconds(void);

struct mosquitto* new_mqtt(const char* thing, void* user, void (*up)(struct mosquitto*, void*, int),
                           void (*down)(struct mosquitto*, void*, int),
                           void (*arrived)(struct mosquitto*, void*, const struct mosquitto_message*));
// Connects, and again whenever the connection is lost; calls `tick` ten times a second.
void run_mqtt(struct mosquitto* mqtt, const char* host, int port, void (*tick)(void* user), void* user);

#ifdef __cplusplus
}
#endif
#endif
