// SPDX-License-Identifier: Apache-2.0
// Signatures against the certificates of the trust folder. The document's hint names the file to try first; it is compared
// with the names found there and never used as a path. Reading an image back is done in slices, so the connection lives on.
#pragma once

#include "device/host/files.hpp"
#include "device/install/slot_files.hpp"
#include "device/port/ports.hpp"
#include "x509/x509.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::device {

class TrustFolder final : public Verifier {
  public:
    TrustFolder(std::filesystem::path folder, const SlotFiles& slots) : folder_(std::move(folder)), slots_(slots) {}

    struct Certificates {
        std::vector<std::pair<std::string, x509::Certificate>> found;  // by file name
        std::vector<std::string> unreadable;                           // why each was left out
        std::vector<std::string> left_out;                             // their file names
    };
    Certificates certificates() const;

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
        std::string signature, certificate;
    };
    Trust judge(SignatureKind kind, std::string_view signature, std::string_view hint, std::string_view digest);

    std::filesystem::path folder_;
    const SlotFiles& slots_;
    std::optional<Reading> reading_;
    std::string text_;
};

// SHA-256 and size of a file.
struct FileFacts {
    std::uint64_t size = 0;
    Digest sha256{};
};
Result<FileFacts> hash_file(const std::filesystem::path& path);

}  // namespace otabahn::device
