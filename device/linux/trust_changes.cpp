// SPDX-License-Identifier: Apache-2.0
// Rotation of the signers that are trusted. What changes them is always vouched for by one that is trusted already: a
// certificate that it has signed, or a release whose manifest it has signed. The last certificate is never removed.
#include "device/linux/trust.hpp"
#include "encoding/base64_string.hpp"
#include "otawire/job_document.hpp"
#include "otawire/release_manifest.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace otabahn::device {

namespace {

using encoding::JsonReader;
using encoding::JsonString;

constexpr std::size_t most_introduced = 8;

std::string decoded(const JsonString& text) {
    std::string out(text.size(), '\0');
    return text.decode(out) ? out : std::string();
}

// The texts of a JSON array, each decoded; nothing of what is no text.
std::vector<std::string> texts_of(std::string_view array) {
    std::vector<std::string> out;
    JsonReader in(array);
    if (!in.enter_array()) return out;
    for (JsonString text; out.size() < most_introduced && in.next_element() && in.read_string(text);) out.push_back(decoded(text));
    return out;
}

Result<x509::Certificate> certificate_of(const std::string& base64) {
    const auto der = encoding::from_base64(base64);
    if (!der) return fail(ErrorCode::invalid_request, "it is no base64.");
    return x509::Certificate::parse_der(as_bytes(*der));
}

bool signed_by(const x509::Certificate& certificate, const x509::Certificate& other) {
    const int verdict = X509_verify(certificate.native(), X509_get0_pubkey(other.native()));
    ERR_clear_error();
    return verdict == 1;
}

void add_trouble(std::string& all, const std::string& trouble) {
    if (!trouble.empty()) all.append(all.empty() ? "" : " ").append(trouble);
}

}  // namespace

std::vector<x509::Certificate> vouched_for(std::string_view introduced, const TrustFolder::Certificates& trusted) {
    std::vector<x509::Certificate> out;
    for (const std::string& text : texts_of(introduced)) {
        auto certificate = certificate_of(text);
        if (!certificate || !certificate->allows_code_signing()) continue;
        // A certificate is no reason to trust itself.
        for (const auto& row : trusted.found) {
            if (row.second.same(*certificate) || !signed_by(*certificate, row.second)) continue;
            out.push_back(*certificate);
            break;
        }
    }
    return out;
}

std::string TrustFolder::add(const x509::Certificate& certificate, const Certificates& trusted) {
    for (const auto& row : trusted.found)
        if (row.second.same(certificate)) return {};
    const auto file = folder_ / ("added-" + certificate.id().substr(0, 16) + ".pem");
    const auto kept = replace_file(file, as_bytes(certificate.to_pem()));
    return kept ? std::string() : "A new signer could not be added: " + kept.error().message;
}

std::string TrustFolder::remove(std::string_view id) {
    const Certificates trusted = certificates();
    std::size_t others = 0;
    for (const auto& row : trusted.found) others += row.second.id() == id ? 0 : 1;
    if (others == trusted.found.size()) return {};
    if (others == 0) return "The last trusted certificate is not removed.";
    for (const auto& [name, certificate] : trusted.found)
        if (certificate.id() == id && ::unlink((folder_ / name).c_str()) != 0)
            return "A signer could not be removed: " + trouble_with(folder_ / name, "cannot be removed");
    return {};
}

std::string TrustFolder::apply_changes(std::string_view text) {
    std::string trouble;
    const auto document = otawire::parse_job_document(text);
    if (!document) return trouble;
    const Certificates trusted = certificates();
    for (const x509::Certificate& certificate : vouched_for(document->certificates, trusted))
        add_trouble(trouble, add(certificate, trusted));
    if (!document->release) return trouble;
    const auto manifest_bytes = encoding::from_base64(decoded(document->release->manifest));
    const auto signature = encoding::from_base64(decoded(document->release->signature.value));
    if (!manifest_bytes || !signature) return trouble;
    const auto manifest = otawire::parse_release_manifest(*manifest_bytes);
    if (!manifest || manifest->trust.empty()) return trouble;
    // It was checked before the download; the file that it was read from now may have been changed since.
    const SignatureKind kind = document->release->signature.algorithm == otawire::SignatureAlgorithm::sha256_rsa
                                   ? SignatureKind::sha256_rsa
                                   : SignatureKind::sha256_ecdsa;
    x509::Sha256 hash;
    hash.update(as_bytes(*manifest_bytes));
    if (judge(kind, *signature, {}, document->certificates, hash.finish()) != Trust::good)
        return "The release's signers were not changed: the signature of its manifest does not hold any more.";
    JsonReader in(manifest->trust);
    if (!in.enter_object()) return trouble;
    std::vector<std::string> added, removed;
    for (JsonString key; in.next_member(key);) {
        std::string_view raw;
        if (!key.equals("add") && !key.equals("remove")) continue;
        if (!in.read_raw(raw)) break;
        (key.equals("add") ? added : removed) = texts_of(raw);
    }
    for (const std::string& base64 : added) {
        const auto certificate = certificate_of(base64);
        add_trouble(trouble,
                    certificate ? add(*certificate, trusted) : "A new signer of the release is none: " + certificate.error().message);
    }
    for (const std::string& id : removed) add_trouble(trouble, remove(id));
    return trouble;
}

}  // namespace otabahn::device
