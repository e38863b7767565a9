// SPDX-License-Identifier: Apache-2.0
#include "device/linux/trust.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace otabahn::device {

namespace {

constexpr std::size_t piece = 64 * 1024;
constexpr std::size_t slice_bytes = 16 * 1024 * 1024;

Digest to_digest(std::string_view bytes) {
    Digest out{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    return out;
}

std::string_view base_name(std::string_view hint) {
    const std::size_t slash = hint.rfind('/');
    return slash == std::string_view::npos ? hint : hint.substr(slash + 1);
}

// The hint may be a file's name, or that without its ending.
bool named(const std::string& file, std::string_view hint) { return file == hint || std::filesystem::path(file).stem().string() == hint; }

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

std::string names_of(const std::vector<std::pair<std::string, x509::Certificate>>& certificates) {
    std::vector<std::string> names;
    for (const auto& row : certificates) names.push_back(row.first);
    return listed(names);
}

// Reads on; false: the file ended or failed before `left` was read.
bool hash_some(int fd, std::uint64_t& left, std::uint64_t most, x509::Sha256& hash) {
    std::uint8_t buffer[piece];
    while (left > 0 && most > 0) {
        const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>({left, most, piece}));
        const ssize_t count = ::read(fd, buffer, wanted);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        hash.update({buffer, static_cast<std::size_t>(count)});
        left -= static_cast<std::uint64_t>(count);
        most -= static_cast<std::uint64_t>(count);
    }
    return true;
}

}  // namespace

TrustFolder::Certificates TrustFolder::certificates() const {
    Certificates out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
        if (!entry.is_regular_file(error)) continue;
        const std::string name = entry.path().filename().string();
        const auto pem = read_file(entry.path(), 1024 * 1024);
        if (!pem) {
            out.unreadable.push_back(pem.error().message);
            out.left_out.push_back(name);
            continue;
        }
        auto certificate = x509::Certificate::parse_pem(*pem);
        if (!certificate) {
            out.unreadable.push_back(entry.path().string() + ": " + certificate.error().message);
            out.left_out.push_back(name);
            continue;
        }
        out.found.emplace_back(name, std::move(certificate).value());
    }
    std::sort(out.found.begin(), out.found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return out;
}

Trust TrustFolder::judge(SignatureKind kind, std::string_view signature, std::string_view hint_path, std::string_view introduced,
                         std::string_view digest) {
    text_.clear();
    if (kind == SignatureKind::none) return Trust::good;
    const auto algorithm =
        kind == SignatureKind::sha256_rsa ? x509::SignatureAlgorithm::sha256_rsa : x509::SignatureAlgorithm::sha256_ecdsa;
    Certificates trusted = certificates();
    const std::string hint(base_name(hint_path));
    const auto preferred =
        std::stable_partition(trusted.found.begin(), trusted.found.end(), [&](const auto& row) { return named(row.first, hint); });
    const bool known = preferred != trusted.found.begin();
    for (const auto& [name, certificate] : trusted.found)
        if (x509::verify_digest(certificate, algorithm, digest, signature)) return Trust::good;
    for (const x509::Certificate& certificate : vouched_for(introduced, trusted))
        if (x509::verify_digest(certificate, algorithm, digest, signature)) return Trust::good;
    text_ = trusted.found.empty() ? folder_.filename().string() + "/ holds no certificate." : "Tried: " + names_of(trusted.found) + ".";
    if (!trusted.left_out.empty()) text_ += " Unreadable: " + listed(trusted.left_out) + ".";
    return known || hint.empty() ? Trust::wrong : Trust::unknown_certificate;
}

Answer TrustFolder::check(const SignatureFacts& signature, ByteView message, const Digest* digest) {
    std::string hash;
    if (digest != nullptr) {
        hash.assign(digest->begin(), digest->end());
    } else {
        x509::Sha256 running;
        running.update(message);
        hash = running.finish();
    }
    const Trust trust = judge(signature.kind, as_text(signature.value), signature.certificate, signature.introduced, hash);
    return Input::checked(trust, text_);
}

Answer TrustFolder::verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) {
    reading_.reset();
    if (const auto digest = recorded_ ? recorded_(slot) : std::nullopt) return Input::verified(true, *digest, Trust::good);
    const auto path = slots_.image(slot);
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        text_ = trouble_with(path, "cannot be opened");
        return Input::verified(false, {}, Trust::good, text_);
    }
    // Read back from the disk where the kernel lets us, not from what was just put into memory.
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    reading_.emplace(Reading{std::move(file), size, x509::Sha256(), signature.kind, std::string(as_text(signature.value)),
                             std::string(signature.certificate), std::string(signature.introduced)});
    return std::nullopt;
}

Answer TrustFolder::work() {
    if (!reading_) return std::nullopt;
    if (!hash_some(reading_->file.get(), reading_->left, slice_bytes, reading_->hash)) {
        text_ = "It ends, or fails, " + std::to_string(reading_->left) + " bytes too early.";
        reading_.reset();
        return Input::verified(false, {}, Trust::good, text_);
    }
    if (reading_->left > 0) return std::nullopt;
    const std::string digest = reading_->hash.finish();
    const Trust trust = judge(reading_->kind, reading_->signature, reading_->certificate, reading_->introduced, digest);
    reading_.reset();
    return Input::verified(true, to_digest(digest), trust, text_);
}

Result<FileFacts> hash_file(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail(ErrorCode::not_found, trouble_with(path, "cannot be opened"), path.string());
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    ::lseek(file.get(), 0, SEEK_SET);
    FileFacts facts;
    facts.size = static_cast<std::uint64_t>(size);
    std::uint64_t left = facts.size;
    x509::Sha256 hash;
    if (size < 0 || !hash_some(file.get(), left, facts.size, hash))
        return fail(ErrorCode::unavailable, trouble_with(path, "cannot be read"), path.string());
    facts.sha256 = to_digest(hash.finish());
    return facts;
}

}  // namespace otabahn::device
