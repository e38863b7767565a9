// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a body that S3 takes. The HTTP edge turns each into S3's code and status, once.
#pragma once

#include <string>
#include <utility>

namespace otabahn::sigv4 {

enum class PayloadFault {
    missing_hash,        // x-amz-content-sha256 is mandatory for S3
    malformed_hash,      // neither 64 hex digits nor one of its words
    unsupported_mode,    // SigV4A
    malformed_digest,    // Content-MD5 is no base64 of 16 bytes
    malformed_checksum,  // x-amz-checksum-… likewise, or two of them
    missing_length,      // x-amz-decoded-content-length is due and absent or no number
    malformed_chunk,     // the aws-chunked grammar
    chunk_size,          // a signed chunk below 8 KiB that is not the last
    chunk_signature,     // of a chunk or of the trailer
    malformed_trailer,   // grammar, not announced, or announced and absent
    length,              // more or fewer bytes than were announced
    hash,                // SHA-256 differs
    checksum,            // Content-MD5 or x-amz-checksum-… differs
};

struct PayloadError {
    PayloadFault fault;
    std::string message;

    PayloadError(PayloadFault what, std::string text) : fault(what), message(std::move(text)) {}
};

}  // namespace otabahn::sigv4
