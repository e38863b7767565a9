// SPDX-License-Identifier: Apache-2.0
// The signature over an image, and the object that Signer writes (spec control-plane 3.5). Both read the image in pieces:
// an image of 2 GB costs no memory.
#pragma once

#include "base/error.hpp"
#include "runtime/blob.hpp"
#include "x509/x509.hpp"

#include <cstdint>
#include <string>

namespace otabahn::signer {

// DER (ECDSA) or a PKCS#1 v1.5 block (RSA) over the raw bytes.
Result<std::string> sign_image(const runtime::BlobReader& image, const x509::PrivateKey& key, x509::SignatureAlgorithm algorithm);

struct SignedOutput {
    std::uint64_t image_size = 0;
    std::string signature;  // bytes
    x509::SignatureAlgorithm algorithm{};
};
// {"rawPayloadSize":…,"signature":…,"signatureAlgorithm":…,"payloadLocation":{"s3":{…}}}
std::string format_detached(const SignedOutput& output, std::string_view bucket, std::string_view key, std::string_view version);
// The same with "payload": the image in base64, appended in pieces.
Result<void> write_embedded(const SignedOutput& output, const runtime::BlobReader& image, runtime::BlobWriter& to);

}  // namespace otabahn::signer
