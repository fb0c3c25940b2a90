// Speaking instead of typing. What the microphone gives is made into 16 kHz mono here and goes to this
// server alone, which keeps none of it; its words come into the box. `props.value` has the texts.
const RATE = 16000;
const LONGEST_MS = 60000;
const status = () => element.querySelector("[role=status]");
const tell = (words) => (status().textContent = words);
let now = null; // { recorder, timer, left, note } while somebody speaks

// WAV: one channel of 16 bits.
const wav = (samples) => {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const word = (at, text) => [...text].forEach((one, n) => view.setUint8(at + n, one.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((one, n) => view.setInt16(44 + 2 * n, 32767 * Math.max(-1, Math.min(1, one)), true));
  return view.buffer;
};

// What any browser records, in the rate and the one channel that are wanted.
const plain = async (blob) => {
  const heard = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const samples = new Float32Array(heard.length);
  for (let n = 0; n < heard.numberOfChannels; n += 1) {
    heard.getChannelData(n).forEach((one, at) => (samples[at] += one / heard.numberOfChannels));
  }
  return samples;
};

const refused = (answer, say) =>
  answer.status === 503 ? say.missing : answer.status === 429 ? say.busy : say.not_heard;

const write = async (blob, note) => {
  const say = props.value;
  tell(say.writing);
  const answer = await fetch("voice", {
    method: "POST",
    headers: { "Content-Type": "audio/wav" },
    body: wav(await plain(blob)),
  });
  if (!answer.ok) return tell(refused(answer, say));
  const { text } = await answer.json();
  if (!text) return tell(say.nothing_heard);
  const box = document.querySelector("#message textarea");
  box.value = [box.value.trim(), text].filter(Boolean).join(" ");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
  tell([note, say.understood_so].filter(Boolean).join(" "));
};

const wireVoice = () => {
  const button = document.querySelector("#speak");
  if (!button) return requestAnimationFrame(wireVoice);
  const show = (state) => {
    button.dataset.state = state;
    button.dataset.stop = props.value.stop;
    const label = state === "listening" ? "stop_label" : "speak_label";
    button.setAttribute("aria-label", props.value[label]);
    button.setAttribute("aria-busy", String(state === "busy"));
  };
  const end = (stream) => {
    clearTimeout(now?.timer);
    stream?.getTracks().forEach((track) => track.stop());
    now = null;
  };
  const listen = async () => {
    const say = props.value;
    show("busy");
    tell(say.preparing);
    let stream = null;
    try {
      if (!navigator.mediaDevices) return tell(say.not_secure);
      const answer = await fetch("voice");
      if (!answer.ok) return tell(refused(answer, say));
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const recorder = new MediaRecorder(stream);
      const parts = [];
      const mine = { recorder, left: false, note: "" };
      recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
      recorder.addEventListener("stop", async () => {
        end(stream);
        if (mine.left) {
          show("ready");
          return tell("");
        }
        show("busy");
        await write(new Blob(parts, { type: recorder.mimeType }), mine.note).catch(() => tell(say.not_heard));
        show("ready");
      });
      mine.timer = setTimeout(() => {
        mine.note = say.long_enough;
        recorder.stop();
      }, LONGEST_MS);
      now = mine;
      recorder.start();
      show("listening");
      tell(say.listening);
    } catch (error) {
      end(stream);
      const known = { NotAllowedError: say.not_allowed, NotFoundError: say.no_microphone };
      tell(known[error.name] ?? say.not_heard);
    } finally {
      if (!now) show("ready");
    }
  };
  button.addEventListener("click", () => {
    if (now) now.recorder.stop();
    else if (button.dataset.state !== "busy") listen();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !now) return;
    now.left = true;
    now.recorder.stop();
  });
  button.dataset.state = "ready";
};
wireVoice();
