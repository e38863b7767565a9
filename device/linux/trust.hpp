// SPDX-License-Identifier: Apache-2.0
// Signatures against the certificates of the trust folder. The document's hint names the file to try first; it is compared
// with the names found there and never used as a path. A document may introduce a certificate that a trusted one has signed; a
// confirmed release may add and remove certificates (trust_changes.cpp). Reading an image back is done in slices, so the connection lives
// on.
#pragma once

#include "device/host/files.hpp"
#include "device/install/slot_files.hpp"
#include "device/port/ports.hpp"
#include "x509/x509.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::device {

class TrustFolder final : public Verifier {
  public:
    // `recorded`: what an image was, for slots that cannot be read back; nothing for the others.
    using Recorded = std::function<std::optional<Digest>(std::uint8_t slot)>;
    TrustFolder(std::filesystem::path folder, const SlotFiles& slots, Recorded recorded = {})
        : folder_(std::move(folder)), slots_(slots), recorded_(std::move(recorded)) {}

    struct Certificates {
        std::vector<std::pair<std::string, x509::Certificate>> found;  // by file name
        std::vector<std::string> unreadable;                           // why each was left out
        std::vector<std::string> left_out;                             // their file names
    };
    Certificates certificates() const;

    // Of the release that a slot's image came with, once it is confirmed: its `trust`, and the signers it introduced. Trouble,
    // for a person; empty: all done.
    std::string apply_changes(std::string_view document);

    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override;
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) override;

    // A verification is under way: work() reads on, and gives the answer when it is done.
    bool busy() const { return reading_.has_value(); }
    Answer work();

  private:
    struct Reading {
        Descriptor file;
        std::uint64_t left;
        x509::Sha256 hash;
        SignatureKind kind;
        std::string signature, certificate, introduced;
    };
    Trust judge(SignatureKind kind, std::string_view signature, std::string_view hint, std::string_view introduced,
                std::string_view digest);
    std::string add(const x509::Certificate& certificate, const Certificates& trusted);
    std::string remove(std::string_view id);

    std::filesystem::path folder_;
    const SlotFiles& slots_;
    Recorded recorded_;
    std::optional<Reading> reading_;
    std::string text_;
};

// The certificates of `introduced` (a JSON array of base64 DER) that one of `trusted` has signed and that may sign code.
std::vector<x509::Certificate> vouched_for(std::string_view introduced, const TrustFolder::Certificates& trusted);

// SHA-256 and size of a file.
struct FileFacts {
    std::uint64_t size = 0;
    Digest sha256{};
};
Result<FileFacts> hash_file(const std::filesystem::path& path);

}  // namespace otabahn::device
