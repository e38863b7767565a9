// SPDX-License-Identifier: Apache-2.0
#include "signer/platforms.hpp"

namespace otabahn::signer {
namespace {

constexpr std::array<std::string_view, 1> ecdsa{"ECDSA"}, rsa{"RSA"}, sha1{"SHA1"}, sha256{"SHA256"}, sha384{"SHA384"};
constexpr std::array<std::string_view, 2> ecdsa_or_rsa{"ECDSA", "RSA"};

// The blank at the end of the first display name is AWS's.
constexpr std::array<Platform, 5> rows{{
    {"AWSIoTDeviceManagement-SHA256-ECDSA", "AWS IoT Device Management SHA256-ECDSA ", "AWSIoTDeviceManagement", "SHA256-ECDSA", ecdsa,
     sha256, "JSONDetached", 2048, false, false},
    {"AmazonFreeRTOS-Default", "Amazon FreeRTOS SHA256-ECDSA", "AmazonFreeRTOS", "SHA256-ECDSA", ecdsa_or_rsa, sha256, "JSONEmbedded", 16,
     false, false},
    {"AmazonFreeRTOS-TI-CC3220SF", "Amazon FreeRTOS SHA1-RSA CC3220SF-Format", "AmazonFreeRTOS", "SHA1-RSA-TISHA1", rsa, sha1,
     "JSONEmbedded", 16, false, false},
    {"AWSLambda-SHA384-ECDSA", "AWS Lambda", "AWSLambda", "SHA384-ECDSA", ecdsa, sha384, "JSONDetached", 250, true, true},
    {"Notation-OCI-SHA384-ECDSA", "Notation for container registries", "Notation", "SHA384-ECDSA", ecdsa, sha384, "JSONDetached", 1, true,
     true},
}};

}  // namespace

std::span<const Platform> platforms() { return rows; }

const Platform* find_platform(std::string_view id) {
    for (const auto& row : rows)
        if (row.id == id) return &row;
    return nullptr;
}

}  // namespace otabahn::signer
