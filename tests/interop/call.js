// A call of one page: a tone from WebAudio goes out, what comes in is analysed.
var connection, analyser, context;

async function begin(hz, { direction = 'sendrecv', redundancy = true }) {
  context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const oscillator = new OscillatorNode(context, { frequency: hz });
  const outgoing = context.createMediaStreamDestination();
  oscillator.connect(new GainNode(context, { gain: 0.25 })).connect(outgoing);
  oscillator.start();
  analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
  connection = new RTCPeerConnection();
  connection.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    // WebAudio alone does not pull a stream from afar.
    const pull = new Audio();
    pull.muted = true;
    pull.srcObject = stream;
    pull.play();
    context.createMediaStreamSource(stream).connect(analyser);
  };
  const [track] = outgoing.stream.getAudioTracks();
  const transceiver = connection.addTransceiver(track, { direction, streams: [outgoing.stream] });
  const codecs = RTCRtpReceiver.getCapabilities('audio').codecs;
  const isRed = ({ mimeType }) => mimeType === 'audio/red';
  // The first is what is sent.
  const [red, others] = [codecs.filter(isRed), codecs.filter((codec) => !isRed(codec))];
  transceiver.setCodecPreferences(redundancy ? [...red, ...others] : others);
  connection.createDataChannel('voice');
}

async function described() {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((done) => connection.addEventListener('icegatheringstatechange', done, { once: true }));
  }
  return connection.localDescription.sdp;
}

async function offer() {
  await connection.setLocalDescription(await connection.createOffer());
  return described();
}

async function answer(sdp) {
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription(await connection.createAnswer());
  return described();
}

async function accept(sdp) {
  await connection.setRemoteDescription({ type: 'answer', sdp });
}

function heard() {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return { hz: (loudest * context.sampleRate) / analyser.fftSize, decibels: Math.max(-200, bins[loudest]) };
}

function state() {
  return `${connection.connectionState} ${connection.iceConnectionState} ${context.state}`;
}
